import { describe, expect, it } from 'vitest';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import { type ConfigInput, readConfig } from '../../../fleet/config/read.ts';

const MINIMAL = 'device: edge-01\nsource: { url: "https://git.example.com/fleet.git" }\n';

function read(text: string, more: Partial<ConfigInput> = {}) {
  return readConfig(agentConfigSchema, { file: { name: 'agent.yaml', text }, env: {}, prefix: 'HOLDFAST_', ...more });
}

function faults(text: string, more: Partial<ConfigInput> = {}): string {
  try {
    read(text, more);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was wrong');
}

describe('a configuration', () => {
  it('needs only source.url', () => {
    expect(read(MINIMAL)).toMatchObject({
      fleet: 'default',
      state_dir: '/var/lib/holdfast',
      source: { ref: 'main', interval: 60_000, timeout: 60_000, allow_http: false },
      docker: { socket: '/var/run/docker.sock' },
      policy: { docker_socket: false, binds: [] },
      limits: { source_bytes: 64 * 1024 * 1024, steps: 1000, deletes: 20 },
    });
  });

  it('takes variables over the file, and flags over variables', () => {
    const env = { HOLDFAST_SOURCE__REF: 'live', HOLDFAST_LIMITS__DELETES: '3', HOLDFAST_SOURCE__ALLOW_HTTP: 'true' };
    expect(read(MINIMAL, { env })).toMatchObject({ source: { ref: 'live', allow_http: true }, limits: { deletes: 3 } });
    expect(read(MINIMAL, { env, flags: [{ path: ['source', 'ref'], value: 'flag' }] }).source.ref).toBe('flag');
  });

  it('leaves the variables of other programs alone', () => {
    const env = { HOLDFAST_HUB_HTTP__PORT: '80', HOLDFAST_HUB: 'http://x', OTHER: 'y' };
    expect(read(MINIMAL, { env, except: 'HOLDFAST_HUB' }).device).toBe('edge-01');
  });

  it('takes defaults only where nothing else speaks', () => {
    const defaults = { device: 'from-host' };
    expect(read('source: { url: x }\n', { defaults }).device).toBe('from-host');
    expect(read(MINIMAL, { defaults }).device).toBe('edge-01');
  });

  it('reports every fault with its place', () => {
    expect(
      faults('device: Edge 01\nsource:\n  url: x\n  intervall: 5s\n  timeout: soon\nlimits: { deletes: -1 }\n'),
    ).toBe(
      [
        'agent.yaml:1:9: device: use lower-case letters, digits and dashes, 63 at most, not starting with a dash',
        '    device: Edge 01',
        '            ^^^^^^^',
        'agent.yaml:4:3: source.intervall: unknown key',
        '    intervall: 5s',
        '    ^^^^^^^^^ did you mean "interval"?',
        'agent.yaml:5:12: source.timeout: "soon" is not a duration; write one like 90s, 5m or 1h30m',
        '    timeout: soon',
        '             ^^^^',
        'agent.yaml:6:20: limits.deletes: has to be 0 at least',
        '    limits: { deletes: -1 }',
        '                       ^^',
      ].join('\n'),
    );
  });

  it('names the variable that is wrong', () => {
    expect(faults(MINIMAL, { env: { HOLDFAST_SOURCE__INTERVAL: 'often' } })).toBe(
      'HOLDFAST_SOURCE__INTERVAL: "often" is not a duration; write one like 90s, 5m or 1h30m',
    );
  });

  it.each([
    ['interval', '720h', 'write 1s to 24h'],
    ['interval', '500ms', 'write 1s to 24h'],
    ['timeout', '2h', 'write 1s to 1h'],
  ])('bounds source.%s: %s', (key, text, message) => {
    expect(faults(`device: a\nsource: { url: x, ${key}: ${text} }\n`)).toContain(
      `"${text}" is out of range; ${message}`,
    );
  });

  it('reads lists and maps from variables', () => {
    const env = { HOLDFAST_POLICY__BINDS: '[/srv, "/a b"]', HOLDFAST_LIMITS: '{ steps: 7 }' };
    expect(read(MINIMAL, { env })).toMatchObject({
      policy: { binds: [{ folder: '/srv' }, { folder: '/a b' }] },
      limits: { steps: 7 },
    });
    expect(faults(MINIMAL, { env: { HOLDFAST_POLICY__BINDS: '[1]' } })).toMatch(/^HOLDFAST_POLICY__BINDS: /);
    expect(faults(MINIMAL, { env: { HOLDFAST_POLICY__BINDS: '[/srv' } })).toMatch(/^HOLDFAST_POLICY__BINDS: /);
  });

  it('takes digits for text where text is wanted', () => {
    const env = { HOLDFAST_DEVICE: '042', HOLDFAST_SOURCE__REF: 'true', HOLDFAST_LIMITS__STEPS: '9' };
    expect(read(MINIMAL, { env })).toMatchObject({ device: '042', source: { ref: 'true' }, limits: { steps: 9 } });
    expect(faults(MINIMAL, { env: { HOLDFAST_LIMITS__STEPS: '0' } })).toContain('has to be more than 0');
  });

  it('does not pass over a variable that it does not know', () => {
    expect(faults(MINIMAL, { env: { HOLDFAST_SUORCE__URL: 'x' } })).toMatch(
      /^HOLDFAST_SUORCE__URL: unknown key\n.*did you mean "source"/,
    );
  });

  it.each([
    ['verify: {}', /verify: name allowed_signers, openpgp_keyring or both/],
    ['verify: { allowed_signers: /etc/signers, mode: all }', /verify\.mode: .*tip.*every/],
  ])('does not take trust that is named by half: %s', (text, said) => {
    expect(faults(`${MINIMAL}${text}\n`)).toMatch(said);
  });

  it('wants files that belong together', () => {
    const source = (more: string) => `device: edge-01\nsource: { url: "ssh://git@host/x", ${more} }\n`;
    expect(faults(source('auth: { ssh_key_file: /k }'))).toMatch(/source\.auth: .*known_hosts_file/);
    expect(faults(source('cert_file: /c'))).toMatch(/source: cert_file and key_file belong together/);
  });

  it('takes every permission in the form that its owner would write', () => {
    const policy = `{ privileged: true, host_network: true, devices: [/dev/ttyUSB*, "vendor.com/class=one"], capabilities: [cap_net_admin, ALL], binds: [/srv/, "/etc/ssl:ro"] }`;
    expect(read(`${MINIMAL}policy: ${policy}\n`).policy).toMatchObject({
      privileged: true,
      host_network: true,
      host_pid: false,
      devices: ['/dev/ttyUSB*', 'vendor.com/class=one'],
      capabilities: ['NET_ADMIN', 'ALL'],
      binds: [
        { folder: '/srv', readOnly: false },
        { folder: '/etc/ssl', readOnly: true },
      ],
    });
  });

  it.each([
    ['privileged: 1', /policy\.privileged: has to be true or false, not a number/],
    ['priviledged: true', /policy\.priviledged: unknown key\n.*\n.*did you mean "privileged"/],
    [
      'capabilities: [NET_ADMN]',
      /policy\.capabilities\.0: "NET_ADMN" is no capability of Linux; did you mean NET_ADMIN\?/,
    ],
    ['devices: [ttyUSB0]', /policy\.devices\.0: write a device below \/dev/],
    ['devices: [/dev/../etc]', /policy\.devices\.0: write a device below \/dev/],
    ['device_rules: ["c 188 rw"]', /policy\.device_rules\.0: write it like/],
    ['binds: [srv]', /policy\.binds\.0: "srv" is not an absolute path/],
    ['binds: ["/srv:rw"]', /policy\.binds\.0: write \/srv alone/],
    ['binds: /srv', /policy\.binds: has to be a list, not text\n.*\n.*write \[ \/srv \]/],
    ['images: { registries: ["https://ghcr.io"] }', /policy\.images\.registries\.0: .*no https/],
    ['images: { registries: [] }', /policy\.images\.registries: name at least one/],
    [
      'images: { require_digests: true }',
      /policy\.images\.require_digests: unknown key\n.*\n.*did you mean "require_digest"/,
    ],
  ])('says what is wrong with a permission, and where: %s', (text, said) => {
    const message = faults(`${MINIMAL}policy: { ${text} }\n`);
    expect(message).toMatch(/^agent\.yaml:3:\d+: /);
    expect(message).toMatch(said);
  });

  it.each([
    ['device: a\nsource:\n  ulr: x\n', 'agent.yaml:3:3: source.ulr: unknown key', 'did you mean "url"?'],
    ['device: a\nsource: {}\n', 'agent.yaml:2:1: source.url is missing', 'add url: …'],
    ['device: a\nsource: { url: x, interval: 60 }\n', 'agent.yaml:2:29: source.interval: write the unit: 60s', '^^'],
    ['device: 5\nsource: { url: x }\n', 'agent.yaml:1:9: device: has to be text, not a number', 'quotes: "5"'],
    [`${MINIMAL}log: { level: warning }\n`, 'log.level: has to be trace, debug, info, warn, error or silent', 'warn'],
    [`${MINIMAL}limits: { source_bytes: [1] }\n`, 'limits.source_bytes: has to be a size like 64MiB', '^'],
    [`${MINIMAL}docker: { socket: '' }\n`, 'docker.socket: must not be empty', '^'],
    [`${MINIMAL}policy: { gpus: on }\n`, 'policy.gpus: has to be true or false, not text', 'write true'],
    [`${MINIMAL}policy: { images: { registry: [x] } }\n`, 'images.registry: unknown key', 'known here: registries, '],
    [`${MINIMAL}device: b\n`, 'agent.yaml:3:1: device: declared twice', 'line 1'],
    ['- a\n', 'agent.yaml:1:1: has to be a map of keys to values, not a list', '- a'],
    ['device: a\nsource:\n\turl: x\n', 'agent.yaml:3:1: not YAML', 'indent with spaces'],
  ])('says once what is wrong, and what to write: %j', (text, what, hint) => {
    const said = faults(text);
    expect(said).toContain(what);
    expect(said).toContain(hint);
    expect(said.match(/^\S/gm)).toHaveLength(1);
  });

  it('takes a key without a value for an absent one', () => {
    expect(read(`${MINIMAL}policy:\nmqtt:\n  # url: mqtt://hub\n`)).toMatchObject({ policy: { gpus: false } });
  });

  it('says where YAML breaks', () => {
    expect(faults('device: [edge\n')).toMatch(/^agent\.yaml:\d+:\d+: /);
  });

  it('never takes a key for a prototype', () => {
    expect(faults(`${MINIMAL}__proto__: { polluted: true }\n`)).toMatch(/3:1: this key is refused\n.*__proto__/);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
