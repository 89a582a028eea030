import { describe, expect, it } from 'vitest';
import { desiredOf, FOLDER, resolveFiles, saidOf, web } from './resolving.ts';
import type { Files } from './tree.ts';

const KIOSK = web('environment: {TZ: "${TZ:-UTC}", PLACE: "${PLACE:-none}"}');

/** `apps/kiosk` and `apps/meter` are there; files without a folder are the device's. */
function resolve(fleet: string, own: Files, roots?: readonly string[]) {
  const shared = { 'apps/kiosk/compose.yaml': KIOSK, 'apps/meter/compose.yml': web('user: "1"') };
  return resolveFiles({ 'fleet.yaml': fleet, ...shared, ...own }, roots);
}

const BERLIN = { 'device.yaml': 'labels: {site: berlin, ring: canary}\n' };

describe('a group', () => {
  it('gives apps, variables and settings to devices whose labels match, and says where each came from', () => {
    const fleet = `interval: 10m
groups:
  - name: berlin
    selector: { site: berlin }
    apps: [ kiosk ]
    env: { TZ: Europe/Berlin }
    drift: warn
  - name: hamburg
    selector: { site: hamburg }
    apps: [ meter ]
`;
    const desired = desiredOf(resolve(fleet, BERLIN));
    expect(desired).toMatchObject({
      intervalMs: 600_000,
      apps: [{ name: 'kiosk', drift: 'warn', services: [{ environment: { TZ: 'Europe/Berlin' } }] }],
    });
    expect(desired.origins).toEqual({
      'apps.kiosk': 'fleet.yaml:5 (group berlin)',
      'apps.kiosk.env.TZ': 'fleet.yaml:6 (group berlin)',
      drift: 'fleet.yaml:7 (group berlin)',
      interval: 'fleet.yaml:1',
      'labels.ring': 'devices/edge-01/device.yaml:1',
      'labels.site': 'devices/edge-01/device.yaml:1',
    });
  });

  it('adds rules of drift; of one pattern the later word counts, and an app is above the device', () => {
    const fleet = `drift: {default: warn, warn: [services.web.image], ignore: [services.web.user]}
groups:
  - {name: berlin, selector: {site: berlin}, drift: {correct: [services.web.image], inside: 1h}, apps: [{name: kiosk, ignore: [services.web.labels.a]}]}
`;
    const device = `${BERLIN['device.yaml']}apps: [{name: kiosk, drift: {default: correct, warn: [services.web.user]}}]`;
    expect(desiredOf(resolve(fleet, { 'device.yaml': device })).apps[0]).toMatchObject({
      drift: 'correct',
      correct: ['services.web.image'],
      warn: ['services.web.user'],
      ignore: ['services.web.labels.a'],
      insideMs: 3_600_000,
    });
  });

  it('has windows and suspended apps in layers as other settings: a list of windows is replaced as a whole', () => {
    const at = (cron: string) => `windows: [{cron: "${cron}", duration: 2h, time_zone: Europe/Berlin}]`;
    const fleet = `
${at('0 1 * * *')}
groups:
  - name: berlin
    selector: { site: berlin }
    ${at('0 2 * * *')}
    apps: [ kiosk, { name: meter, windows: [], suspend: true } ]
`;
    const windowsOf = (more: string) =>
      desiredOf(resolve(fleet, { 'device.yaml': `labels: { site: berlin }\n${more}` })).apps.map(
        ({ name, windows, suspend }) => [
          name,
          windows.map(({ cron, durationMs, timeZone }) => `${cron} ${durationMs} ${timeZone}`),
          suspend,
        ],
      );
    expect(windowsOf('')).toEqual([
      ['kiosk', ['0 2 * * * 7200000 Europe/Berlin'], false],
      ['meter', [], true],
    ]);
    expect(windowsOf(`${at('0 3 * * *')}\napps: [{name: meter, suspend: false}]`)).toEqual([
      ['kiosk', ['0 3 * * * 7200000 Europe/Berlin'], false],
      ['meter', [], false],
    ]);
  });

  it('wins over fleet.yaml and over groups before it; device.yaml wins over all', () => {
    const fleet = `env: {TZ: fleet, PLACE: fleet}
interval: 1m
groups:
  - {name: one, selector: {site: berlin}, apps: [kiosk], env: {TZ: one, PLACE: one}, interval: 2m, suspend: true}
  - {name: two, selector: {ring: canary}, apps: [{name: kiosk, env: {TZ: two}}], interval: 3m}
`;
    const grouped = desiredOf(resolve(fleet, BERLIN));
    expect(grouped).toMatchObject({ intervalMs: 180_000, suspend: true });
    expect(grouped.apps[0]?.services[0]?.environment).toEqual({ TZ: 'two', PLACE: 'one' });
    const device = `${BERLIN['device.yaml']}interval: 4m\nsuspend: false\nenv: {PLACE: own}\napps: [{name: kiosk, env: {TZ: own}}]`;
    const own = desiredOf(resolve(fleet, { 'device.yaml': device }));
    expect(own).toMatchObject({ intervalMs: 240_000, suspend: false });
    expect(own.apps.map(({ name }) => name)).toEqual(['kiosk']);
    expect(own.apps[0]?.services[0]?.environment).toEqual({ TZ: 'own', PLACE: 'own' });
    expect(own.origins['apps.kiosk']).toBe(
      'fleet.yaml:4 (group one), fleet.yaml:5 (group two), devices/edge-01/device.yaml:5',
    );
  });

  it('runs beside the Compose file of the device, also when device.yaml changes what the group gives', () => {
    const fleet = 'groups: [{name: all, selector: {}, apps: [kiosk]}]';
    const named = (own: Files) => desiredOf(resolve(fleet, own)).apps.map(({ name }) => name);
    expect(named({ 'compose.yaml': web('') })).toEqual(['kiosk', 'edge-01']);
    expect(named({ 'compose.yaml': web(''), 'device.yaml': 'apps: [{name: kiosk, env: {TZ: x}}]' })).toEqual([
      'kiosk',
      'edge-01',
    ]);
    expect(named({ 'compose.yaml': web(''), 'device.yaml': 'apps: [meter]' })).toEqual(['kiosk', 'meter']);
    expect(named({ 'compose.yaml': web(''), 'device.yaml': 'apps: []' })).toEqual(['kiosk']);
  });

  it('that stops selecting a device takes nothing else away from it', () => {
    const own = { 'compose.yaml': web(''), 'device.yaml': 'apps: [{name: kiosk, enabled: false}]' };
    for (const selector of ['{}', '{site: elsewhere}']) {
      const fleet = `groups: [{name: all, selector: ${selector}, apps: [kiosk]}]`;
      expect(desiredOf(resolve(fleet, own)).apps.map(({ name }) => name)).toEqual(['edge-01']);
    }
    expect(desiredOf(resolve('', own)).apps.map(({ name }) => name)).toEqual(['edge-01']);
  });

  it('gives an app that a device switches off, or puts a file over', () => {
    const fleet = 'groups: [{name: all, selector: {}, apps: [kiosk, meter]}]';
    const device = 'apps: [{name: meter, enabled: false}, {name: kiosk, compose: over.yaml}]';
    const { apps } = desiredOf(resolve(fleet, { 'device.yaml': device, 'over.yaml': 'services: {web: {user: "9"}}' }));
    expect(apps).toMatchObject([{ name: 'kiosk', services: [{ user: '9', environment: { TZ: 'UTC' } }] }]);
  });

  it('names files from the top of the repository', () => {
    const fleet = `groups:
  - name: all
    selector: {}
    apps: [{name: sign, compose: shared/sign.yaml, env_files: shared/sign.env}]`;
    const files = { 'device.yaml': '', 'shared/sign.yaml': KIOSK, 'shared/sign.env': 'TZ=from-file' };
    expect(desiredOf(resolve(fleet, files)).apps[0]?.services[0]?.environment).toMatchObject({ TZ: 'from-file' });
  });

  it('is asked for no more than the folders that it names', () => {
    const fleet = `groups:
  - {name: all, selector: {}, apps: [kiosk]}
  - {name: others, selector: {site: hamburg}, apps: [meter]}`;
    const roots = [FOLDER, 'fleet.yaml'];
    expect(resolve(fleet, BERLIN, roots)).toEqual({ kind: 'needs', roots: ['apps/kiosk'], secrets: [] });
    expect(resolve(fleet, BERLIN, [...roots, 'apps/kiosk']).kind).toBe('resolved');
  });

  it('declares nothing for a device whose folder is gone', () => {
    const fleet = 'groups: [{name: all, selector: {}, apps: [kiosk]}]';
    expect(resolve(fleet, {})).toMatchObject({ kind: 'invalid', diagnostics: [{ code: 'nothing-declared' }] });
    expect(resolve(fleet, { 'README.md': 'here' }).kind).toBe('resolved');
  });

  it('is told of with the devices that it selects', () => {
    const fleet = 'groups: [{name: a, selector: {site: berlin}}, {name: b, selector: {site: x}}]';
    const own = { ...BERLIN, 'compose.yaml': web('') };
    expect(resolve(fleet, own)).toMatchObject({ kind: 'resolved', groups: ['a'] });
    expect(resolve(fleet, { ...own, 'compose.yaml': web('prots: 1') })).toMatchObject({ groups: ['a'] });
    expect(resolve('groups: 1', own)).toMatchObject({ kind: 'invalid', groups: null });
    const unread = { ...own, 'device.yaml': 'labels: 7' };
    expect(resolve('groups: [{name: a, selector: {site: berlin}}]', unread)).toMatchObject({ groups: null });
  });
});

describe('selectors', () => {
  it.each([
    ['{}', true],
    ['{site: berlin}', true],
    ['{site: berlin, ring: stable}', false],
    ['{ring: [stable, canary]}', true],
    ['{rack: 7}', true],
    ['{spare: yes}', false],
    ['site=berlin', true],
    ['site==berlin, ring in (canary,beta)', true],
    ['site=berlin,ring notin (canary)', false],
    ['spare notin (yes)', true],
    ['site!=hamburg', true],
    ['spare!=yes', true],
    ['site', true],
    ['spare', false],
    ['!spare', true],
    ['!site', false],
  ])('%s: %s', (selector, isSelected) => {
    const text = selector.startsWith('{') ? selector : `"${selector}"`;
    const own = { 'device.yaml': 'labels: {site: berlin, ring: canary, rack: 7}', 'compose.yaml': web('') };
    const resolution = resolve(`groups: [{name: g, selector: ${text}}]`, own);
    expect(resolution).toMatchObject({ kind: 'resolved', groups: isSelected ? ['g'] : [] });
  });

  it.each([
    [
      '[site]',
      'has to be a map of labels or text, not a list | write {LABEL: VALUE}, {LABEL: [VALUE, VALUE]} or "LABEL=VALUE"',
    ],
    ['{site: }', 'site: has to be the value of a label, not empty'],
    ['{site: []}', 'site: no value is named, so no device is meant'],
    ['{site: [{a: b}]}', 'site[0]: has to be the value of a label, not a map'],
    ['site is berlin', '"site is berlin" is not a selector | write it as "site=berlin,ring in (canary,beta)"'],
    ['""', '"" is not a selector | write it as "site=berlin,ring in (canary,beta)"'],
  ])('%s is refused', (selector, said) => {
    const resolution = resolve(`groups: [{name: g, selector: ${selector}}]`, { 'compose.yaml': web('') });
    const separator = said.startsWith('site') ? '.' : ': ';
    expect(saidOf(resolution)).toEqual([`groups[0].selector${separator}${said}`]);
  });
});

describe('what is wrong with groups and apps by name', () => {
  it.each([
    ['groups: {a: b}', 'groups: has to be a list, not a map'],
    ['groups: [{selector: {}}]', 'groups[0]: name is missing | add name: a word for it'],
    ['groups: [{name: a}]', 'groups[0]: selector is missing | add selector: {LABEL: VALUE}; {} is every device'],
    [
      'groups: [{name: A b, selector: {}}]',
      'groups[0]: "A b" cannot be the name of a group | use lower-case letters, digits and dashes, 63 at most, not starting with a dash',
    ],
    [
      'groups: [{name: a, selector: {}}, {name: a, selector: {}}]',
      'groups: two groups are named "a" | give each a name of its own',
    ],
    ['groups: [{name: a, selector: {}, app: [kiosk]}]', 'groups[0].app: unknown key | did you mean "apps"?'],
    [
      'groups: [{name: a, selector: {}, labels: {x: y}}]',
      'groups[0].labels: unknown key | known here: name, selector, interval, drift, windows, env, suspend, apps',
    ],
    [
      'groups: [{name: a, selector: {}, apps: [{name: kiosk, envs: {}}]}]',
      'groups[0].apps[0].envs: unknown key | did you mean "env"?',
    ],
    [
      'groups: [{name: a, selector: {}, apps: [kisok]}, {name: b, selector: {x: y}, apps: [kiosk]}]',
      'there is no shared app "kisok": apps/kisok/compose.yaml is not in Git | did you mean "kiosk"?',
    ],
    [
      'groups: [{name: a, selector: {}, apps: [7]}]',
      'groups[0].apps[0]: has to be the name of an app or a map, not a number | write the name of a shared app, or {name: …, compose: …}',
    ],
    [
      'groups: [{name: a, selector: {}, apps: [edge-01]}]',
      'the app of this file and one that a group gives are both named "edge-01" | name it in device.yaml: apps: [{name: …, compose: …}]',
    ],
  ])('%s', (fleet, said) => {
    const files = { 'compose.yaml': web(''), 'apps/edge-01/compose.yaml': web('') };
    expect(saidOf(resolve(fleet, files))).toEqual([said]);
  });

  it('an app that no group gives cannot be switched off', () => {
    const fleet = 'groups: [{name: a, selector: {}, apps: [kiosk]}]';
    const own = { 'device.yaml': 'apps: [{name: kisok, enabled: false}]' };
    expect(saidOf(resolve(fleet, own))).toEqual([
      'warning: no group gives this device an app "kisok" that could be switched off | did you mean "kiosk"?',
    ]);
  });
});
