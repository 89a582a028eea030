// Typical mistakes as a person meets them: the whole text, so that nothing is said twice and nothing follows from the first.
import { describe, expect, it } from 'vitest';
import { resolveFiles, saidOf, textOf, web } from './resolving.ts';

const OK = web('');

describe('a mistake in a Compose file is said once, at its place, with what to write', () => {
  it.each([
    ['sevices:\n  web: { image: x }\n', '1:1: sevices: unknown key', 'did you mean "services"?'],
    ['services:\n  web:\n    imgae: x\n', '3:5: services.web.imgae: unknown key', 'did you mean "image"?'],
    ['services:\nweb:\n  ports: [80]\n', '2:1: web: unknown key', 'indent it if it belongs to "services"'],
    ['services:\n', '1:1: no services are declared', 'fill it with at least one service'],
    ['# later\n', ': the file is empty', 'add services: with at least one service'],
    ['services:\n  web:\n', '2:3: services.web: is empty', 'add image: NAME:TAG, indented below it'],
    ['web:\n  image: x\ndb:\n  image: y\n', '1:1: services stand at the top level', 'write "services:" above them'],
    ['apiVersion: v1\nkind: Pod\nspec: {}\n', '2:1: this is a Kubernetes manifest', 'as services of a Compose file'],
    ['a:\n<<<<<<< HEAD\n  b: 1\n=======\n  b: 2\n>>>>>>> x\n', '2:1: not YAML: a merge conflict', 'keep one side'],
    ['services:\n\tweb:\n\t\timage: x\n', '2:1: not YAML: a tab cannot indent', 'indent with spaces'],
    ['services:\n  web:\n    image: "x\n    ports: ["80"]\n', '3:12: not YAML: this quote is not closed', 'close it'],
    ['services:\n  web:\n    image:x\n    tty: true\n', '3:5: not YAML: this is no key', 'colon: "image: x"'],
    [web('ports:\n  -80:80\n  -81:81'), '5:7: services.web.ports: has to be a list', 'a space after each dash'],
    [
      'x-a: &base { image: x }\nservices:\n  web: { <<: *bsae }\n',
      '3:14: services.web.<<: nothing before',
      'mean "base"?',
    ],
    [web('ports: 80:80'), '4:12: services.web.ports: has to be a list', 'write it as a list: ["80:80"]'],
    [web('depends_on: db'), '4:17: services.web.depends_on: has to be a list or a map', 'write it as a list: ["db"]'],
    [web('restart: true'), '4:14: services.web.restart: has to be no, always', 'write restart: always'],
    [web('environment:\nTZ: UTC'), '5:5: services.web.TZ: unknown key', 'indent it if it belongs to "environment"'],
    [web('volumes: [{ tpye: bind, source: /a, target: /a }]'), '4:17: services.web.volumes[0].tpye', '"type"?'],
  ])('%j', (compose, what, hint) => {
    const text = textOf(resolveFiles({ 'compose.yaml': compose }));
    expect(text).toContain(`devices/edge-01/compose.yaml${what.startsWith(':') ? '' : ':'}${what}`);
    expect(text).toContain(hint);
    expect(text.match(/^devices/gm)).toHaveLength(1);
  });

  it('says all of them where there are several', () => {
    const text = 'services:\n  web:\n  image: x\n  ports: ["80:80"]\n';
    expect(saidOf(resolveFiles({ 'compose.yaml': text }))).toEqual([
      'services.web: is empty | add image: NAME:TAG, indented below it',
      'services.image: is no service | indent it, so that it belongs to the service above',
      'services.ports: is no service | indent it, so that it belongs to the service above',
    ]);
  });

  it('never lets a misspelt key stand for one that is missing', () => {
    for (const key of ['x-image', 'imag', 'images'])
      expect(resolveFiles({ 'compose.yaml': `services:\n  web:\n    ${key}: x\n` }).kind).toBe('invalid');
    for (const mount of ['{type: bind, target: /a, source: }', '{type: , source: /a, target: /a}', '{source: /a}'])
      expect(resolveFiles({ 'compose.yaml': web(`volumes: [${mount}]`) }).kind).toBe('invalid');
    for (const line of [
      'secrets: [{source: }]',
      'configs: [{source: }]',
      'ports: [{target: }]',
      'read_only: constructor',
    ])
      expect(resolveFiles({ 'compose.yaml': web(line) }).kind).toBe('invalid');
  });
});

describe('the word that was meant', () => {
  it.each([
    ['a variable', { '.env': 'TAG=1\n', 'compose.yaml': web('hostname: "${TGA}"') }, 'did you mean "TAG"?'],
    [
      'a file that is mounted',
      { 'nginx.conf': '', 'compose.yaml': web('volumes: ["./ngnix.conf:/c"]') },
      '"nginx.conf"?',
    ],
    ['a file that is named', { 'device.yaml': 'apps: [{name: a, compose: a.yml}]', 'a.yaml': OK }, '"a.yaml"?'],
    [
      'an app that comes first',
      { 'device.yaml': 'apps: [{name: gateway, compose: a.yaml}, {name: b, compose: b.yaml, depends_on: [gatewy]}]' },
      'did you mean "gateway"?',
    ],
    [
      'device.yaml by another name',
      { 'device.yml': 'drift: warn\n', 'compose.yaml': OK },
      'name it devices/edge-01/device.yaml',
    ],
  ])('of %s', (_, files, hint) => {
    expect(saidOf(resolveFiles(files)).filter((said) => said.endsWith(hint))).toHaveLength(1);
  });
});

const FORM =
  'write services.<service>.<key>, networks.<network>.<key> or volumes.<volume>.<key>: services.web.labels.*';

describe('a pattern under ignore that matches nothing', () => {
  const said = (pattern: string) =>
    saidOf(resolveFiles({ 'device.yaml': `apps: [{name: a, compose: a.yaml, ignore: ["${pattern}"]}]`, 'a.yaml': OK }));

  it.each([
    ['services.web.lables.*', 'did you mean "labels"?'],
    ['services.wbe.image', 'did you mean "web"?'],
    ['services.other.image', 'there is no service "other" in this app'],
    ['services.other.*', 'there is no service "other" in this app'],
    ['web.labels.*', FORM],
    ['labels', FORM],
  ])('%s', (pattern, hint) => {
    expect(said(pattern)).toEqual([
      `warning: apps.a.ignore: "${pattern}" matches nothing, so nothing is ignored | ${hint}`,
    ]);
  });

  it.each([
    'services.web.labels.*',
    'services.*.image',
    '*',
    '*.labels.*',
    'serv*',
    'services.w*',
    'services.web.lab*',
    'services.web.state',
  ])('but not of %s', (pattern) => expect(said(pattern)).toEqual([]));
});

describe('rules of drift', () => {
  const said = (device: string) => saidOf(resolveFiles({ 'device.yaml': device, 'a.yaml': OK }));
  const app = (drift: string) => said(`apps: [{name: a, compose: a.yaml, drift: ${drift}}]`);

  it.each([
    [
      '{warn: [services.web.lables.a]}',
      'warning: apps.a.warn: "services.web.lables.a" matches nothing, so it makes no field "warn" | did you mean "labels"?',
    ],
    [
      '{correct: [networks.front.labels.a]}',
      'warning: apps.a.correct: "networks.front.labels.a" matches nothing, so it makes no field "correct" | there is no network "front" in this app',
    ],
    ['{warn: [a.b], ignore: []}', `warning: apps.a.warn: "a.b" matches nothing, so it makes no field "warn" | ${FORM}`],
    [
      '{warn: [services.web.image], ignore: [services.web.image]}',
      'apps[0].drift: "services.web.image" is under warn and under ignore | leave it in one of them',
    ],
    ['{default: ignore}', 'apps[0].drift.default: has to be correct or warn'],
    ['ignore', 'apps[0].drift: has to be correct or warn'],
    ['{wran: []}', 'apps[0].drift.wran: unknown key | did you mean "warn"?'],
  ])('%s', (drift, expected) => {
    expect(app(drift)).toEqual([expected]);
  });

  it.each([
    '{warn: ["services.web.*", "services.*.state", "networks.*", services.web.missing, "services.web.files./var/*"], inside: 10m}',
    '{default: warn, correct: ["*"]}',
  ])('%s says nothing', (drift) => {
    expect(app(drift)).toEqual([]);
  });

  it('for all apps may name what runs elsewhere, in the right form', () => {
    expect(said('drift: {ignore: [services.other.image, other.image]}\napps: [{name: a, compose: a.yaml}]')).toEqual([
      `warning: drift.ignore: "other.image" matches nothing, so nothing is ignored | ${FORM}`,
    ]);
  });
});
