import { describe, expect, it } from 'vitest';
import { devicePath } from '../../../fleet/repo/layout.ts';
import { resolveDevice } from '../../../fleet/repo/resolve.ts';
import {
  appOf,
  CLOSED,
  desiredOf,
  FOLDER,
  REVISION,
  resolveCompose,
  resolveFiles,
  saidOf,
  textOf,
  web,
} from './resolving.ts';
import { type Files, treeOf } from './tree.ts';

const APP = web('');

describe('a device with one Compose file', () => {
  it.each(['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'])(
    'runs %s as one app',
    (name) => {
      const desired = desiredOf(resolveFiles({ [name]: APP }));
      expect(desired).toMatchObject({
        device: 'edge-01',
        revision: REVISION,
        labels: {},
        intervalMs: null,
        suspend: false,
        apps: [
          {
            name: 'edge-01',
            drift: 'correct',
            dependsOn: [],
            strategy: 'stop-first',
            healthTimeoutMs: 60_000,
            rollback: true,
            correct: [],
            warn: [],
            ignore: [],
            insideMs: null,
            volumes: [],
          },
        ],
      });
    },
  );

  it('says which files are not read', () => {
    const files = { 'compose.yaml': APP, 'docker-compose.yml': APP };
    expect(saidOf(resolveFiles(files))).toEqual([
      'warning: not read, because there is devices/edge-01/compose.yaml too',
    ]);
  });

  it.each(['compose.override.yaml', 'compose.override.yml', 'docker-compose.override.yml'])(
    'merges %s over it, as Compose does',
    (name) => {
      const files = { 'compose.yaml': APP, [name]: 'services: {web: {user: "7"}, extra: {image: busybox}}\n' };
      const { services } = appOf(resolveFiles(files));
      expect(services.map((one) => [one.name, one.user])).toEqual([
        ['extra', undefined],
        ['web', '7'],
      ]);
    },
  );

  it('says what to create where there is nothing', () => {
    expect(textOf(resolveFiles({ 'readme.md': '' }))).toBe(
      [
        'devices/edge-01/compose.yaml: the device "edge-01" declares nothing: no device.yaml or group names apps, nor is there a compose.yaml',
        '    create devices/edge-01/compose.yaml',
      ].join('\n'),
    );
  });
});

describe('device.yaml', () => {
  it('says how apps run', () => {
    const device = `
labels: { site: berlin, rack: 7 }
interval: 90s
drift: warn
suspend: true
apps:
  - name: gateway
    compose: app.yaml
  - name: kiosk
    compose: [ app.yaml ]
    depends_on: [ gateway ]
    strategy: start-first
    health_timeout: 2m
    rollback: false
    ignore: [ "services.web.labels.*" ]
`;
    const desired = desiredOf(resolveFiles({ 'device.yaml': device, 'app.yaml': APP }));
    expect(desired).toMatchObject({ labels: { rack: '7', site: 'berlin' }, intervalMs: 90_000, suspend: true });
    expect(desired.apps.map(({ services: _s, networks: _n, volumes: _v, ...rest }) => rest)).toEqual([
      {
        name: 'gateway',
        drift: 'warn',
        dependsOn: [],
        strategy: 'stop-first',
        healthTimeoutMs: 60_000,
        rollback: true,
        correct: [],
        warn: [],
        suspend: false,
        windows: [],
        ignore: [],
        insideMs: null,
      },
      {
        name: 'kiosk',
        drift: 'warn',
        dependsOn: ['gateway'],
        strategy: 'start-first',
        healthTimeoutMs: 120_000,
        rollback: false,
        correct: [],
        warn: [],
        suspend: false,
        windows: [],
        ignore: ['services.web.labels.*'],
        insideMs: null,
      },
    ]);
  });

  it('may leave the app to compose.yaml', () => {
    expect(appOf(resolveFiles({ 'device.yaml': 'interval: 5s', 'compose.yaml': APP })).name).toBe('edge-01');
  });

  it('may name no apps at all', () => {
    expect(desiredOf(resolveFiles({ 'device.yaml': 'apps: []', 'compose.yaml': APP })).apps).toEqual([]);
  });

  it.each([
    ['interval: 10', 'interval: has to be a duration | write the unit: 10s'],
    ['interval: 10ms', 'interval: has to be from 1s to 24h'],
    ['drift: corect', 'drift: has to be correct or warn | did you mean "correct"?'],
    ['suspended: true', 'suspended: unknown key | did you mean "suspend"?'],
    [
      'apps: [{name: A, compose: a.yaml}]',
      'apps[0]: "A" cannot be the name of an app | use lower-case letters, digits and dashes, 63 at most, not starting with a dash',
    ],
    ['apps: [{compose: a.yaml}]', 'apps[0]: name is missing | add name: the name of the app'],
    [
      'apps: [{name: a}]',
      'there is no shared app "a": apps/a/compose.yaml is not in Git | create apps/a/compose.yaml, or say which file: {name: a, compose: …}',
    ],
    [
      'apps: [a]',
      'there is no shared app "a": apps/a/compose.yaml is not in Git | create apps/a/compose.yaml, or say which file: {name: a, compose: …}',
    ],
    ['apps: [{name: a, compose: []}]', 'apps[0]: compose names no file'],
    [
      'apps: [{name: a, compose: a.yaml, secrets: [x]}]',
      'apps.a.secrets[0]: devices/edge-01/x is not in Git | commit it, or correct the path',
    ],
    [
      'apps: [{name: a, compose: gone.yaml}]',
      'apps.a.compose[0]: devices/edge-01/gone.yaml is not in Git | commit it, or correct the path',
    ],
    [
      'apps: [{name: a, compose: ../../../a.yaml}]',
      'apps.a.compose[0]: "../../../a.yaml" leaves the repository | use a path inside it',
    ],
    [
      'apps: [{name: a, compose: /a.yaml}]',
      'apps.a.compose[0]: "/a.yaml" is not a path of the repository | write a relative path with "/"',
    ],
    ['apps: [{name: a, compose: sub}]', 'apps.a.compose[0]: devices/edge-01/sub is a folder | write sub/compose.yaml'],
    [
      'apps: [{name: a, compose: a.yaml, env_files: [x.env]}]',
      'apps.a.env_files[0]: devices/edge-01/x.env is not in Git | commit it, or correct the path',
    ],
    [
      'apps: [{name: a, compose: a.yaml, depends_on: [b]}]',
      'apps.a.depends_on: the app "b" is not one of this device | name it under "apps"',
    ],
    [
      'apps: [{name: a, compose: a.yaml, depends_on: [a]}]',
      'apps.a.depends_on: apps wait for each other: a → a | remove one of these',
    ],
    ['apps: {a: b}', 'apps: has to be a list, not a map'],
    ['text', 'the file has to be a map, not text'],
  ])('%s', (device, said) => {
    const files = { 'a.yaml': APP, 'devices/edge-01/sub/compose.yaml': APP };
    expect(
      saidOf(resolveFiles({ 'device.yaml': device, ...(device === 'text' ? {} : { 'compose.yaml': APP }), ...files })),
    ).toEqual([said]);
  });

  it('cannot name an app twice', () => {
    const device = 'apps: [{name: a, compose: a.yaml}, {name: a, compose: b.yaml}]';
    const b = web('container_name: bb').replace('web:', 'b:');
    expect(saidOf(resolveFiles({ 'device.yaml': device, 'a.yaml': APP, 'b.yaml': b }))).toContain(
      'apps: two apps are named "a" | name each app once',
    );
  });

  it('reports what is wrong in all files at once', () => {
    const files = { 'device.yaml': 'intervall: 1s\napps: [{name: a, compose: a.yaml}]', 'a.yaml': web('prots: []') };
    expect(textOf(resolveFiles(files))).toBe(
      [
        'devices/edge-01/a.yaml:4:5: services.web.prots: unknown key',
        '    prots: []',
        '    ^^^^^ did you mean "ports"?',
        'devices/edge-01/device.yaml:1:1: intervall: unknown key',
        '    intervall: 1s',
        '    ^^^^^^^^^ did you mean "interval"?',
      ].join('\n'),
    );
  });
});

describe('fleet.yaml', () => {
  const fleet = (text: string, device = 'labels: {ring: own}') => {
    const tree = treeOf({ 'fleet.yaml': text, [`${FOLDER}/device.yaml`]: device, [`${FOLDER}/compose.yaml`]: APP });
    return resolveDevice({ device: 'edge-01', path: FOLDER, revision: REVISION, tree, ...CLOSED });
  };

  it('gives defaults that the device overrides', () => {
    const text = 'interval: 30s\ndrift: warn\nlabels: {ring: stable, org: acme}';
    const desired = desiredOf(fleet(text));
    expect(desired).toMatchObject({
      intervalMs: 30_000,
      labels: { org: 'acme', ring: 'own' },
      apps: [{ drift: 'warn' }],
    });
    expect(desiredOf(fleet(text, 'interval: 5s\ndrift: correct'))).toMatchObject({
      intervalMs: 5000,
      apps: [{ drift: 'correct' }],
    });
  });

  it('is strict', () => {
    expect(saidOf(fleet('suspend: true'))).toEqual([
      'suspend: unknown key | known here: interval, drift, windows, env, labels, secrets, groups',
    ]);
  });
});

describe('what the tree does not cover', () => {
  const files: Files = {
    'fleet.yaml': 'interval: 30s',
    'apps/kiosk/compose.yaml': web('volumes: ["../../shared/conf:/c", "./html:/h"]'),
    'apps/kiosk/html/index.html': 'x',
    'shared/conf/a': 'a',
    'shared/other.env': 'X=1',
    [`${FOLDER}/device.yaml`]:
      'apps: [{name: kiosk, compose: [../../apps/kiosk/compose.yaml, over.yaml], env_files: [../../top.env]}]',
    [`${FOLDER}/over.yaml`]: 'services: {web: {env_file: ../../shared/other.env}}',
    'top.env': 'Y=1',
  };
  const round = (roots: readonly string[], given = files) =>
    resolveDevice({ device: 'edge-01', path: FOLDER, revision: REVISION, tree: treeOf(given, roots), ...CLOSED });

  it('is asked for, all that is known to be missing at once, until it resolves', () => {
    const asked: string[][] = [];
    const roots: string[] = [];
    let resolution = round(roots);
    while (resolution.kind === 'needs') {
      asked.push([...resolution.roots]);
      roots.push(...resolution.roots);
      resolution = round(roots);
    }
    expect(asked).toEqual([
      [FOLDER, 'fleet.yaml'],
      ['apps/kiosk', 'top.env'],
      ['shared/conf', 'shared/other.env'],
    ]);
    expect(desiredOf(resolution)).toEqual(desiredOf(round([''])));
  });

  it('is asked for before anything is called wrong', () => {
    const broken = { ...files, [`${FOLDER}/over.yaml`]: 'prots: 1' };
    expect(round([FOLDER, 'fleet.yaml'], broken)).toEqual({
      kind: 'needs',
      roots: ['apps/kiosk', 'top.env'],
      secrets: [],
    });
  });

  it('does not exist when it was loaded and is not there', () => {
    const { 'shared/conf/a': _, ...rest } = files;
    const roots = [FOLDER, 'fleet.yaml', 'apps/kiosk', 'top.env', 'shared/conf', 'shared/other.env'];
    const resolution = round(roots, rest);
    expect(appOf(resolution).services[0]?.mounts[0]).toMatchObject({ type: 'data', source: '_repo/shared/conf' });
  });
});

describe('ids', () => {
  it.each(['', 'A', '-a', 'a_b', 'a'.repeat(64), '../x'])('refuses the device id %j', (device) => {
    const resolution = resolveDevice({ device, path: FOLDER, revision: REVISION, tree: treeOf({}), ...CLOSED });
    expect(saidOf(resolution)[0]).toContain('cannot be the id of a device');
  });

  it('knows where a device is', () => {
    expect(devicePath('edge-01')).toBe(FOLDER);
  });

  it('takes the repository itself as a device folder', () => {
    const tree = treeOf({ 'compose.yaml': APP });
    const resolution = resolveDevice({ device: 'edge-01', path: '.', revision: REVISION, tree, ...CLOSED });
    expect(appOf(resolution).name).toBe('edge-01');
  });
});

describe('stored desired state', () => {
  it('is plain JSON', () => {
    const desired = desiredOf(resolveCompose(web('environment: {A: 1}\nvolumes: [./x:/x]\nhealthcheck: {test: a}')));
    expect(JSON.parse(JSON.stringify(desired))).toEqual(desired);
  });
});
