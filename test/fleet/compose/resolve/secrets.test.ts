// Secrets in the loader: where the bytes come from, where they go, and where their values must not.
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../../fleet/diagnostic.ts';
import type { Desired } from '../../../../fleet/model/desired.ts';
import type { Content, Mount } from '../../../../fleet/model/mount.ts';
import type { SecretFile } from '../../../../fleet/model/secret-file.ts';
import { renderDesired } from '../../../../fleet/repo/render/desired.ts';
import { type Resolution, resolveDevice } from '../../../../fleet/repo/resolve.ts';
import { type Files, treeOf } from '../../repo/tree.ts';

const VALUES = { db_password: 'hunter22-secret', 'tls.key': 'KEY', 'api-token': 'token-value' };
const DEVICE = 'apps: [{ name: till, compose: compose.yaml, secrets: [till.sops.yaml], env: { MODE: fast } }]\n';

function opened(values: Readonly<Record<string, string>>, whole = 'whole file'): SecretFile {
  return {
    kind: 'open',
    values: new Map(Object.entries(values).map(([name, text]) => [name, { text, encrypted: true }])),
    whole: Buffer.from(whole).toString('base64'),
  };
}

function resolve(compose: string, given: { files?: Files; secrets?: Record<string, SecretFile>; salt?: string } = {}) {
  const own: Files = { 'device.yaml': DEVICE, 'compose.yaml': compose, 'till.sops.yaml': 'sealed', ...given.files };
  const files = Object.fromEntries(Object.entries(own).map(([path, text]) => [`devices/edge-01/${path}`, text]));
  const secrets = { 'till.sops.yaml': opened(VALUES), ...given.secrets };
  return resolveDevice({
    device: 'edge-01',
    path: 'devices/edge-01',
    revision: 'main@sha1:0123456789012345678901234567890123456789',
    tree: treeOf(files),
    secrets: new Map(Object.entries(secrets).map(([path, file]) => [`devices/edge-01/${path}`, file])),
    salt: given.salt ?? 'salt',
  });
}

function desiredOf(resolution: Resolution): Desired {
  if (resolution.kind === 'resolved') return resolution.desired;
  throw new Error(saidOf(resolution).join('\n'));
}

function saidOf(resolution: Resolution): string[] {
  if (resolution.kind === 'needs') return [`needs ${resolution.secrets.join(' ')}`];
  const all = resolution.kind === 'invalid' ? resolution.diagnostics : resolution.warnings;
  return all.map(({ message, hint, line }) => `${line}: ${message}${hint === undefined ? '' : ` | ${hint}`}`);
}

const web = (lines: string, rest = '') => `services:\n  web:\n    image: nginx:1\n    ${lines}\n${rest}`;

type Secret = Extract<Content, { kind: 'secret' }>;

function secretsOf(
  resolution: Resolution,
): (Omit<Secret, 'id' | 'kind' | 'path' | 'bytes'> & { text: string; target: string })[] {
  const mounts: readonly Mount[] = desiredOf(resolution).apps[0]?.services[0]?.mounts ?? [];
  return mounts.flatMap((mount) => {
    if (mount.type !== 'content' || mount.content.kind !== 'secret') return [];
    const { bytes, access } = mount.content;
    return [{ target: mount.target, text: Buffer.from(bytes, 'base64').toString(), access }];
  });
}

const ANY = { uid: 0, gid: 0, mode: 0o444 };

describe('a secret that a service mounts', () => {
  it.each<[string, string, string]>([
    ['the variable of that name', '{ environment: db_password }', VALUES.db_password],
    ['a variable of .env', '{ environment: PLAIN }', 'from-dotenv'],
    ['the value of its own name', '{ external: true }', VALUES.db_password],
    ['another name', '{ external: true, name: tls.key }', 'KEY'],
    ['the name that it has as a variable', '{ external: true, name: api_token }', 'token-value'],
    ['a whole SOPS file', '{ file: ./till.sops.yaml }', 'whole file'],
    ['one value of a SOPS file', '{ file: ./till.sops.yaml, x-holdfast-key: tls.key }', 'KEY'],
    ['a file in the clear', '{ file: ./plain.txt }', 'in the clear\n'],
  ])('%s', (_, from, text) => {
    const compose = web('secrets: [db_password]', `secrets: { db_password: ${from} }\n`);
    const files = { '.env': 'PLAIN=from-dotenv\n', 'plain.txt': 'in the clear\n' };
    expect(secretsOf(resolve(compose, { files }))).toEqual([{ target: '/run/secrets/db_password', text, access: ANY }]);
  });

  it('is where the long syntax says, for whom it says', () => {
    const compose = web(
      'secrets: [{ source: a, target: x/y, uid: "1000", gid: 1001, mode: 0440 }, { source: a, target: /etc/a }]',
      'secrets: { a: { environment: db_password } }\n',
    );
    const text = VALUES.db_password;
    expect(secretsOf(resolve(compose))).toEqual([
      { target: '/run/secrets/x/y', text, access: { uid: 1000, gid: 1001, mode: 0o440 } },
      { target: '/etc/a', text, access: ANY },
    ]);
  });

  it('has an id that only the device can make, and that changes with bytes, owner and mode', () => {
    const id = (lines: string, salt = 'salt', value = 'v-one') => {
      const compose = web(`secrets: [${lines}]`, 'secrets: { a: { external: true } }\n');
      const resolution = resolve(compose, { salt, secrets: { 'till.sops.yaml': opened({ a: value }) } });
      const [mount] = desiredOf(resolution).apps[0]?.services[0]?.mounts ?? [];
      return mount?.type === 'content' ? mount.content.id : '';
    };
    const ids = [
      id('a'),
      id('a', 'other'),
      id('a', 'salt', 'v-two'),
      id('{source: a, uid: "1"}'),
      id('{source: a, mode: 0400}'),
    ];
    expect(new Set(ids).size).toBe(5);
    expect(id('a')).toBe(ids[0]);
    expect(ids.every((each) => /^[0-9a-f]{40}$/.test(each))).toBe(true);
  });
});

it('a config that a secret was written into lies in memory too', () => {
  const compose = web('configs: [a, b]', 'configs: { a: { content: "pw=${db_password}" }, b: { content: plain } }\n');
  expect(secretsOf(resolve(compose))).toEqual([{ target: '/a', text: `pw=${VALUES.db_password}`, access: ANY }]);
});

describe('what is wrong', () => {
  it.each<[string, string, string]>([
    [
      '[nope]',
      'a: { environment: db_password }',
      '4: services.web.secrets: the secret "nope" is not declared | declare it under "secrets" at the top level',
    ],
    [
      '[a]',
      'a: { file: ./nope.sops.yaml }',
      '5: secrets.a.file: devices/edge-01/nope.sops.yaml is not in Git | name a file of the repository',
    ],
    [
      '[a]',
      'a: { file: ./till.sops.yaml, x-holdfast-key: tls.kex }',
      '5: secrets.a.x-holdfast-key: the file has no value "tls.kex" | did you mean "tls.key"?',
    ],
    ['[a]', 'a: {}', '5: secrets.a: needs one of file, environment and external: true'],
    ['[a]', 'a: { file: x, environment: y }', '5: secrets.a: needs one of file, environment and external: true'],
    [
      '[{source: a, uid: root}]',
      'a: { environment: db_password }',
      '4: services.web.secrets[0].uid: has to be a numeric id | write it like "1000"',
    ],
    [
      '[{source: a, target: ../x}]',
      'a: { environment: db_password }',
      '4: services.web.secrets[0].target: leaves /run/secrets | write an absolute path, or a plain name',
    ],
    [
      '[{target: x}]',
      'a: { environment: db_password }',
      '4: services.web.secrets[0]: source is missing | add source: the name of a secret',
    ],
  ])('%s, %s', (mounts, declared, said) => {
    expect(saidOf(resolve(web(`secrets: ${mounts}`, `secrets: { ${declared} }\n`)))).toEqual([said]);
  });

  it.each([
    [
      'a: { environment: NOPE }',
      '.environment: the variable NOPE is not set',
      '_secrets/a',
      'put it into a file under secrets: in device.yaml, or set it in .env',
    ],
    [
      'a: { external: true, name: db_passwort }',
      ': no secret of this app is named "db_passwort"',
      '_secrets/a',
      'did you mean "db_password"?',
    ],
    ['a: { file: ./pin.txt }', '.file: devices/edge-01/pin.txt is not in Git', 'pin.txt', 'commit it, or put it there'],
  ])('%s: the owner of the device may have it', (declared, what, path, hint) => {
    const resolution = resolve(web('secrets: [a]', `secrets: { ${declared} }\n`));
    const place = `the service waits until the file is on the device, at volumes/till/${path} of the agent's state folder`;
    expect(saidOf(resolution)).toEqual([`5: secrets.a${what}: ${place} | ${hint}`]);
    expect(desiredOf(resolution).apps[0]?.services[0]?.mounts).toEqual([
      { type: 'data', target: '/run/secrets/a', source: path, read_only: true, file: true },
    ]);
  });

  it('a file in the clear is a warning that says how to encrypt it', () => {
    const compose = web('secrets: [a]', 'secrets: { a: { file: ./plain.txt } }\n');
    expect(saidOf(resolve(compose, { files: { 'plain.txt': 'x' } }))).toEqual([
      '5: secrets.a.file: devices/edge-01/plain.txt lies in the clear in Git | encrypt it: holdfast secrets encrypt devices/edge-01/plain.txt',
    ]);
  });

  it('a closed file makes nothing else wrong: defaults hold, and what may be in it is not missed', () => {
    const secrets = { 'till.sops.yaml': { kind: 'closed', what: 'it is broken', hint: 'mend it' } } as const;
    const lines =
      'hostname: "${A:-host}"\n    ports: ["${PORT:-80}:80"]\n    environment: [ "B=${B:?}", "C=${C}" ]\n    configs: [c]';
    const file = web(lines, 'configs: { c: { environment: D } }\n').replace('nginx:1', '"nginx:${TAG:-1}"');
    expect(saidOf(resolve(file, { secrets }))).toEqual([expect.stringContaining('it is broken')]);
  });

  it('an included file shows a secret as little as the file that includes it', () => {
    const files = { 'inner.yaml': web('labels: { a: "${db_password}" }') };
    expect(saidOf(resolve('include: [inner.yaml]\n', { files }))[0]).toContain(
      '4: services.web.labels.a: db_password is a secret, and labels are shown to everybody',
    );
  });

  it('a closed file is reported where it is named, and only that', () => {
    const secrets = { 'till.sops.yaml': { kind: 'closed', what: 'it is broken', hint: 'mend it' } } as const;
    const compose = web(
      'environment: { A: "${db_password:?}", B: "${other}" }\n    secrets: [a]',
      'secrets: { a: { external: true } }\n',
    );
    expect(saidOf(resolve(compose, { secrets }))).toEqual([
      '1: apps.till.secrets[0]: devices/edge-01/till.sops.yaml cannot be opened: it is broken | mend it',
    ]);
  });

  it('a file of the app that is not encrypted is an error', () => {
    const files = { 'device.yaml': DEVICE.replace('till.sops.yaml', 'plain.yaml'), 'plain.yaml': 'a: b\n' };
    expect(saidOf(resolve(web('command: x'), { files }))).toEqual([
      expect.stringContaining(
        'devices/edge-01/plain.yaml is not encrypted with SOPS | encrypt it: holdfast secrets encrypt',
      ),
    ]);
  });

  it('what is not opened yet is asked for, once', () => {
    const compose = web('secrets: [a]', 'secrets: { a: { file: ./other.sops.yaml } }\n');
    const files = { 'other.sops.yaml': 'sealed' };
    expect(saidOf(resolve(compose, { files }))).toEqual(['needs devices/edge-01/other.sops.yaml']);
  });
});

describe('variables', () => {
  const environmentOf = (compose: string, files: Files = {}) =>
    desiredOf(resolve(compose, { files })).apps[0]?.services[0]?.environment;

  it('are below env of device.yaml and above .env', () => {
    const compose = web('environment: { A: "${db_password}", M: "${MODE}", T: "${api_token}", K: "${tls_key}" }');
    const device = DEVICE.replace('MODE: fast', 'MODE: fast, api_token: mine');
    const files = { '.env': 'db_password=lower\nMODE=slow\n', 'device.yaml': device };
    expect(environmentOf(compose, files)).toEqual({ A: VALUES.db_password, M: 'fast', T: 'mine', K: 'KEY' });
  });

  it('are known to the .env file, and every value that came of them is to be hidden', () => {
    const desired = desiredOf(
      resolve(web('environment: { U: "${URL}" }'), { files: { '.env': 'URL=db://x:${db_password}@h\n' } }),
    );
    expect(desired.apps[0]?.services[0]?.environment).toEqual({ U: 'db://x:hunter22-secret@h' });
    expect(desired.secretValues).toEqual(['hunter22-secret', 'token-value']);
  });

  it.each<[string, string, string]>([
    [
      'labels',
      web('labels: { a: "${db_password}" }'),
      '4: services.web.labels.a: db_password is a secret, and labels are shown to everybody',
    ],
    [
      'a list of labels',
      web('labels: [ "a=${db_password}" ]'),
      '4: services.web.labels[0]: db_password is a secret, and labels are shown to everybody',
    ],
    [
      'labels of a network',
      web('networks: [n]', 'networks: { n: { labels: { a: "${db_password}" } } }\n'),
      '5: networks.n.labels.a: db_password is a secret, and labels are shown to everybody',
    ],
    [
      'a label by a variable that is made of one',
      web('labels: { a: "${URL}" }'),
      '1: services.web.labels.a: holds the value of a secret, and labels are shown to everybody',
    ],
  ])('are refused in %s', (_, compose, said) => {
    const hint = 'mount it as a secret, or pass it under "environment"';
    const files = { '.env': 'URL=db://x:${db_password}@h\n' };
    expect(saidOf(resolve(compose, { files }))).toEqual([`${said} | ${hint}`]);
  });

  it('of env in device.yaml are no secrets, whatever file has their name', () => {
    const files = { 'device.yaml': DEVICE.replace('MODE: fast', 'db_password: public') };
    expect(desiredOf(resolve(web('labels: { a: "${db_password}" }'), { files })).apps[0]?.services[0]?.labels).toEqual({
      a: 'public',
    });
  });
});

it('what is rendered and reported holds no value of a mounted secret', () => {
  const compose = web('secrets: [a]', 'secrets: { a: { file: ./till.sops.yaml, x-holdfast-key: db_password } }\n');
  const resolution = resolve(compose);
  const text = JSON.stringify(renderDesired(desiredOf(resolution)));
  expect(text).toContain('"secrets":[{"source":"a"');
  for (const value of Object.values(VALUES)) {
    expect(text).not.toContain(value);
    expect(text).not.toContain(Buffer.from(value).toString('base64'));
  }
  if (resolution.kind === 'resolved') expect(resolution.warnings.map(formatDiagnostic)).toEqual([]);
});
