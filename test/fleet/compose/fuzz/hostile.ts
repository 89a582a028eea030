// Inputs that were made to break a reader of YAML or of Compose, by what they try.
import type { Files } from '../../repo/tree.ts';

const compose = (text: string | Uint8Array): Files => ({ 'compose.yaml': text });
const web = (lines: string): Files => compose(`services:\n  web:\n    image: a\n${lines}`);
const times = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('');
const bytes = (...parts: (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : [...part])),
  );

const nestedDefault = (depth: number): string => `${'${A:-'.repeat(depth)}x${'}'.repeat(depth)}`;
const bomb = (levels: number, wide: number): string =>
  `x-0: &a0 [l, l, l, l, l, l, l, l, l]\n${times(levels, (i) => `x-${i + 1}: &a${i + 1} [${times(wide, () => `*a${i}, `)}]\n`)}services: {web: {image: a, command: *a${levels}}}\n`;
const mergeBomb = (levels: number): string =>
  `x-0: &m0 {a: 1, b: 2}\n${times(levels, (i) => `x-${i + 1}: &m${i + 1}\n  k${i}: 1\n  <<: [*m${i}, *m${i}, *m${i}, *m${i}]\n`)}services: {web: {image: a, labels: *m${levels}}}\n`;
const POISON = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'then',
];

export const HOSTILE: Readonly<Record<string, Files>> = {
  'block nesting': compose(times(5000, (i) => `${' '.repeat(Math.min(i, 40))}a:\n`)),
  'deep block nesting': compose(times(700, (i) => `${' '.repeat(i)}a:\n`)),
  'flow nesting': compose('['.repeat(100_000)),
  'flow map nesting': compose('{a: '.repeat(50_000)),
  'compact nesting': compose(`${'- '.repeat(100_000)}a`),
  'explicit keys': compose('? '.repeat(100_000)),
  'an alias bomb': compose(bomb(9, 9)),
  'an alias bomb that is refused late': compose(bomb(3, 9)),
  'a merge bomb': compose(mergeBomb(30)),
  'an anchor in itself': compose('services: &a\n  web: *a\n'),
  'a merge of itself': compose('services: &a\n  <<: *a\n'),
  '80,000 keys': compose(times(80_000, (i) => `k${i}: \n`)),
  '20,000 labels': web(`    labels:\n${times(20_000, (i) => `      l${i}: 1\n`)}`),
  '20,000 services': compose(`services:\n${times(20_000, (i) => `  s${i}: {}\n`)}`),
  '20,000 of one key': web(`    labels:\n${times(20_000, () => '      l: 1\n')}`),
  'services that all wait for each other': compose(
    `services:\n${times(300, (i) => `  s${i}: {image: a, depends_on: [${times(60, (j) => `s${(i + j * 7) % 300}, `)}]}\n`)}`,
  ),
  'a line of 250,000 characters': web(`    command: ${'a'.repeat(250_000)}\n`),
  'a key of 200,000 characters': compose(`${'a'.repeat(200_000)}: 1\n`),
  'ranges of all ports': web(`    ports:\n${times(2000, () => '      - "1-65535:1-65535"\n')}`),
  'exposed ranges of all ports': web(
    `    expose:\n${times(2000, (i) => `      - "1-65535/${i % 2 === 0 ? 'tcp' : 'udp'}"\n`)}`,
  ),
  'ranges backwards and beyond': web(
    '    ports: ["90-80:90-80", "1-99999999999:1", "80:-1", "0", ":::", "-", "80/80/80", "[::1]:", "1.2.3.4.5:80:80"]\n',
  ),
  'huge numbers': web(
    '    mem_limit: 99999999999999999999999g\n    cpus: 1e400\n    scale: 9999999999999999999\n    pids_limit: -1e309\n    stop_grace_period: 99999999999999999999h\n    shm_size: 0x7fffffffffffffffffff\n    oom_score_adj: .inf\n    cpu_shares: .nan\n',
  ),
  'a million replicas': web('    scale: 1000000\n'),
  'a million replicas of deploy': web('    deploy: {replicas: 1000000}\n'),
  'long durations': web(`    healthcheck: {interval: "${'1h'.repeat(4000)}", timeout: "${'9'.repeat(240_000)}s"}\n`),
  'a long unclosed quote': web(`    command: "${'a b '.repeat(50_000)}\n`),
  'words that do not end': web(`    command: ${JSON.stringify(`'${'\\ '.repeat(50_000)}`)}\n`),
  'unclosed brackets': compose('services: {web: {image: [[[[{{{{"'),
  'poisonous keys everywhere': compose(
    `${times(POISON.length, (i) => `x-${POISON[i]}: {${POISON[i]}: 1}\n`)}services:\n${times(POISON.length, (i) => `  ${POISON[i]}: {image: a, environment: {${POISON[i]}: 1}, labels: ["${POISON[i]}=1"], networks: {${POISON[i]}: {}}, depends_on: [${POISON[(i + 1) % POISON.length]}], volumes: ["${POISON[i]}:/a"]}\n`)}networks: {${times(POISON.length, (i) => `${POISON[i]}: {driver_opts: {${POISON[i]}: a}}, `)}}\nvolumes: {${times(POISON.length, (i) => `${POISON[i]}: , `)}}\n`,
  ),
  'poisonous keys alone': compose(
    '__proto__: {services: {web: {image: a}}}\nconstructor: {prototype: {polluted: 1}}\n',
  ),
  'poisonous merges': compose('x-a: &a {__proto__: {polluted: 1}}\nservices: {web: {image: a, labels: {<<: *a}}}\n'),
  'poisonous variables': {
    'compose.yaml': 'services: {web: {image: "${__proto__}${constructor:-a}${toString}"}}\n',
    '.env': '__proto__=1\nconstructor=2\ntoString=3\n',
  },
  'NUL characters': compose('services:\n  web:\n    image: "a\0b"\n    command: a\0\n'),
  'escaped NUL characters': web('    environment: {"A\\0": "b\\0"}\n    hostname: "a\\x00"\n'),
  'invalid UTF-8': compose(bytes('services: {web: {image: "', [0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80], '"}}')),
  'UTF-16': compose(
    bytes(
      [0xff, 0xfe],
      times(40, () => 's\0:\0'),
    ),
  ),
  'half a surrogate by escape': web(
    '    environment: {A: "\\uD800", B: "\\U0010FFFF", "\\uDC00": x}\n    container_name: "\\uD83D"\n',
  ),
  'a byte order mark': compose(`\ufeffservices: {web: {image: a}}\n`),
  'byte order marks inside': compose('services:\n  web:\n    image: a\n\ufeff    command: \ufeffb\n'),
  directives: compose('%YAML 1.1\n%TAG ! tag:example.org,2000:\n---\nservices: {web: {image: a}}\n'),
  'many documents': compose(times(5000, () => '---\nservices: {web: {image: a}}\n...\n')),
  'many empty documents': compose('---\n'.repeat(40_000)),
  tags: web(
    '    command: !!js/function "function(){}"\n    labels: !!set {a, b}\n    tmpfs: !!binary aGVsbG8=\n    cpus: !!float nope\n    user: !<tag:yaml.org,2002:int> x\n    dns: !!python/object/apply:os.system [a]\n',
  ),
  'tags of Compose everywhere': compose(
    '!reset\nservices: !override\n  web: !reset\n    image: !reset null\n    ports: !override [!reset "80:80"]\n  db: !!map {image: !override a}\n',
  ),
  'tabs and carriage returns': compose('services:\r\n\tweb:\r\n\t\timage: a\r\r\n'),
  'other line breaks': compose('services:\u2028  web:\u0085    image: a\n'),
  'nothing but white space': compose(' \t\n\r\n \n'),
  'control characters in names': compose(
    'services:\n  "we\\nb\\u001b[31m": {image: "\\u001b]0;x\\u0007"}\n  "a\\u202eb": {image: "a b", ports: ["\\u001b[2J"]}\nvolumes: {"\\r": , "../..": {name: "\\u009b"}}\n',
  ),
  'nested defaults': web(`    command: "${nestedDefault(20_000)}"\n`),
  'nested defaults a little': web(`    command: "${nestedDefault(15)}"\n`),
  'many expressions': web(`    command: "${'${A-b}'.repeat(30_000)}"\n`),
  dollars: web(
    `    command: ["${'$'.repeat(50_001)}", "\${", "\${A", "\${A:-", "\${}", "\${A:-\${B}", "$1", "\${A+\${B?}}", "\${A:+$$}"]\n`,
  ),
  'variables that double': {
    'compose.yaml': 'services: {web: {image: a, command: "${V40}"}}\n',
    '.env': `V0=xxxxxxxxxxxxxxxx\n${times(40, (i) => `V${i + 1}=\${V${i}}\${V${i}}\n`)}`,
  },
  'variables that double, used often': {
    'compose.yaml': `services:\n  web:\n    image: a\n    environment:\n${times(3000, (i) => `      - A${i}=\${V11}\n`)}`,
    '.env': `V0=xxxxxxxxxxxxxxxx\n${times(40, (i) => `V${i + 1}=\${V${i}}\${V${i}}\n`)}`,
  },
  'an .env of anything': {
    'compose.yaml': 'services: {web: {image: a}}\n',
    '.env': bytes('A="', [0, 255, 10], 'B\n=c\nexport\nexport =\n"="\n\'\nC=\'', '$'.repeat(500), '\n'),
  },
  'an .env of 100,000 lines': { 'compose.yaml': 'services: {web: {image: a}}\n', '.env': times(80_000, () => 'A=\n') },
  'an .env of comments': { 'compose.yaml': 'services: {web: {image: a}}\n', '.env': '#\n'.repeat(120_000) },
  'an .env of quotes': { 'compose.yaml': 'services: {web: {image: a}}\n', '.env': times(40_000, () => 'A="\n') },
  'an .env of open braces': {
    'compose.yaml': 'services: {web: {image: a}}\n',
    '.env': `A=${'${B:-'.repeat(40_000)}\n`,
  },
  'an env_file that is read often': {
    'compose.yaml': `services:\n  web: {image: a, env_file: [${times(15_000, () => 'big.env, ')}]}\n`,
    'big.env': times(4000, (i) => `A${i}=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n`),
  },
  'an env_file of every service': {
    'compose.yaml': `services:\n${times(500, (i) => `  s${i}: {image: a, env_file: [big.env, big.env]}\n`)}`,
    'big.env': times(4000, (i) => `A${i}=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n`),
  },
  'a label_file of every service': {
    'compose.yaml': `services:\n${times(500, (i) => `  s${i}: {image: a, label_file: [big.env, big.env]}\n`)}`,
    'big.env': times(4000, (i) => `A${i}=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n`),
  },
  'an env_file of itself': {
    'compose.yaml':
      'services: {web: {image: a, env_file: [compose.yaml, ., .., "", ../../../.., /etc/passwd, devices]}}\n',
  },
  'extends in a circle': compose(
    'services:\n  a: {extends: b}\n  b: {extends: {service: c}}\n  c: {extends: {service: a, file: compose.yaml}}\n  web: {image: a, extends: web}\n',
  ),
  'extends that doubles': compose(
    `services:\n  s0: {image: a, ports: ["80"], command: [a]}\n${times(400, (i) => `  s${i + 1}: {extends: s${i}, environment: {A${i}: a}}\n`)}`,
  ),
  'extends between two files': {
    'compose.yaml': 'services: {a: {extends: {file: b.yaml, service: a}}}\n',
    'b.yaml': 'services: {a: {extends: {file: compose.yaml, service: a}}}\n',
  },
  'extends from anywhere': compose(
    'services:\n  a: {image: a, extends: {file: ../../../../etc/passwd, service: a}}\n  b: {image: a, extends: {file: "", service: b}}\n  c: {image: a, extends: {file: "https://example.org/a", service: __proto__}}\n',
  ),
  'include of itself': compose(
    'include: [compose.yaml, ./compose.yaml, {path: [compose.yaml, compose.yaml]}]\nservices: {web: {image: a}}\n',
  ),
  'include in a circle': {
    'compose.yaml': 'include: [a.yaml]\n',
    'a.yaml': 'include: [b.yaml]\n',
    'b.yaml': 'include: [a.yaml, compose.yaml]\n',
  },
  'include that doubles': {
    'compose.yaml': 'include: [i0.yaml, i0.yaml]\nservices: {web: {image: a}}\n',
    ...Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`i${i}.yaml`, `include: [i${i + 1}.yaml, i${i + 1}.yaml]\n`]),
    ),
  },
  'include of one file, often': {
    'compose.yaml': `include: [${times(15_000, () => 'i.yaml, ')}]\nservices: {web: {image: a}}\n`,
    'i.yaml': 'services: {b: {image: b}}\n',
    '.env': times(4000, (i) => `A${i}=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n`),
  },
  'extends of a large file, often': {
    'compose.yaml': `services:\n${times(2000, (i) => `  s${i}: {extends: {file: b.yaml, service: s${i}}}\n`)}`,
    'b.yaml': `services:\n${times(2000, (i) => `  s${i}: {image: a, extends: s${(i * 7 + 1) % 2000}, labels: [a, b, c]}\n`)}`,
  },
  'a folder of many files, mounted often': {
    'compose.yaml': `services:\n${times(300, (i) => `  s${i}: {image: a, volumes: [".:/a", "./d:/b", "./d:/c"]}\n`)}`,
    ...Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`devices/edge-01/d/f${i}`, 'x'])),
  },
  'include from anywhere': compose(
    'include: [../../../etc/passwd, /etc/passwd, "", ., "oci://a", "https://github.com/a/b.git", {path: 1}, {}, null, []]\n',
  ),
  'paths that leave': web(
    `    volumes: ["${'../'.repeat(2000)}etc:/a", "./${'a/'.repeat(20_000)}:/b", "~:/c", "./\\0:/d", "/:/", "a:b:c:d:e:f"]\n`,
  ),
  'a fleet.yaml of anything': {
    'fleet.yaml': bytes([0xff], 'groups: ['),
    'compose.yaml': 'services: {web: {image: a}}\n',
  },
  'a fleet.yaml of groups': {
    'fleet.yaml': `groups:\n${times(3000, (i) => `  g${i}: {match: {a: b}, apps: [], labels: {a${i}: b}, env: {A: b}}\n`)}`,
    'compose.yaml': 'services: {web: {image: a}}\n',
  },
  'a device.yaml of poison': {
    'device.yaml':
      'labels: {__proto__: a, constructor: b}\napps: {__proto__: {compose: a}, constructor: {compose: [compose.yaml], env: {__proto__: 1}}}\n',
    'compose.yaml': 'services: {web: {image: a}}\n',
  },
  'apps in a circle': {
    'device.yaml':
      'apps:\n  - {name: a, compose: compose.yaml, depends_on: [b]}\n  - {name: b, compose: compose.yaml, depends_on: [a]}\n',
    'compose.yaml': 'services: {web: {image: a}}\n',
  },
  '5,000 apps of one file': {
    'device.yaml': `apps:\n${times(5000, (i) => `  - {name: a${i}, compose: compose.yaml}\n`)}`,
    'compose.yaml': `services:\n${times(100, (i) => `  s${i}: {image: a, ports: ["${i + 1}:80"]}\n`)}`,
  },
  'files of files': {
    'device.yaml': `apps:\n  - name: a\n    compose: [${times(3000, () => 'compose.yaml, ')}]\n    env_files: [${times(3000, () => '.env, ')}]\n`,
    'compose.yaml': 'services: {web: {image: a, command: [a]}}\n',
    '.env': 'A=1\n',
  },
};
