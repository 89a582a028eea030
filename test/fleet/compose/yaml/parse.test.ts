import { describe, expect, it } from 'vitest';
import type { Node } from '../../../../fleet/compose/node.ts';
import { locate } from '../../../../fleet/compose/place.ts';
import { createReport, MAX_DIAGNOSTICS } from '../../../../fleet/compose/report.ts';
import { parseYaml } from '../../../../fleet/compose/yaml/parse.ts';
import { formatDiagnostic } from '../../../../fleet/diagnostic.ts';
import { TEXT_BYTES } from '../../../../fleet/model/source.ts';

function parse(text: string | Uint8Array) {
  const report = createReport();
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const parsed = parseYaml('f.yaml', bytes, report);
  const diagnostics = report.diagnostics();
  return {
    kind: parsed.kind,
    root: parsed.kind === 'tree' ? parsed.root : null,
    data: parsed.kind === 'tree' ? plain(parsed.root) : undefined,
    text: diagnostics.map(formatDiagnostic).join('\n'),
    codes: diagnostics.map(({ code }) => code),
  };
}

function plain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return new Map([...node.entries].map(([key, { value }]) => [key, plain(value)]));
}

const map = (entries: Record<string, unknown>) => new Map(Object.entries(entries));

describe('values', () => {
  it('reads YAML 1.2 core: yes, no, on and dates are text', () => {
    const { data } = parse('a: no\nb: on\nc: true\nd: ~\ne: 0x10\nf: 1.5\ng: 2026-11-21\nh: 22:22\ni: "1"\n');
    const values = { a: 'no', b: 'on', c: true, d: null, e: 16, f: 1.5, g: '2026-11-21', h: '22:22', i: '1' };
    expect(data).toEqual(map(values));
  });

  it.each<[string, unknown]>([
    ['0777', 0o777],
    ['-0777', -0o777],
    ['0o17', 15],
    ['0x1F', 31],
    ['-0x1f', -31],
    ['0b101', 5],
    ['1_000', 1000],
    ['0x_ff', 255],
    ['08', 8],
    ['+12', 12],
    ['1e3', 1000],
    ['1.', 1],
    ['.5', 0.5],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['.NaN', Number.NaN],
    ['9223372036854775808', 9223372036854775808n],
    ['99999999999999999999', 1e20],
    ['~', null],
    ['Null', null],
    ['', null],
    ['True', true],
    ['FALSE', false],
    ['tRUE', 'tRUE'],
    ['yes', 'yes'],
    ['Off', 'Off'],
    ['y', 'y'],
    ['22:22', '22:22'],
    ['1:30:00', '1:30:00'],
    ['0x', '0x'],
    ['0b2', '0b2'],
    ['0o8', '0o8'],
    ['1.2.3', '1.2.3'],
    ['2026-11-21', '2026-11-21'],
    ['_1', '_1'],
    ['.', '.'],
    ['!!str 012', '012'],
    ['!!int "012"', 10],
    ['"012"', '012'],
    ["'~'", '~'],
    ['! 12', '12'],
  ])('a: %s', (text, value) => {
    const data = (parse(`a: ${text}\n`).data as Map<string, unknown>).get('a');
    expect(data).toEqual(value);
  });

  it('keeps a number as it was written beside its value', () => {
    const { root } = parse('mode: 0644\n');
    const node = root?.kind === 'map' ? root.entries.get('mode')?.value : undefined;
    expect(node).toMatchObject({ value: 0o644, text: '0644' });
  });

  it('places every key and value in its file', () => {
    const { root } = parse('a:\n  - {b: é, c: 12}\n');
    const list = root?.kind === 'map' ? root.entries.get('a')?.value : undefined;
    const item = list?.kind === 'list' ? list.items[0] : undefined;
    const entry = item?.kind === 'map' ? item.entries.get('c') : undefined;
    if (entry === undefined) throw new Error('not found');
    expect(locate(entry.keyAt)).toMatchObject({ line: 2, column: 12 });
    expect(locate(entry.value.at)).toEqual({
      file: 'f.yaml',
      line: 2,
      column: 15,
      source: { text: '  - {b: é, c: 12}', length: 2 },
    });
  });

  it.each<[string, unknown]>([
    ['a: "x\ny"\nb: 1\n', { a: 'x y', b: 1 }],
    ["a: 'x\n\n\ty'\n", { a: 'x\ny' }],
    ['a: {\nb: c}\nd: 1\n', { a: map({ b: 'c' }), d: 1 }],
    ['a:\n  b: [\n c,\n"d"\n]\n  e: 1\n', { a: map({ b: ['c', 'd'], e: 1 }) }],
    ['a: {\n\tb: [\n\t\tc\n\t]\n}\n', { a: map({ b: ['c'] }) }],
    ['a:\r\n  b: c\r\n', { a: map({ b: 'c' }) }],
    ['a:\n- b\n', { a: ['b'] }],
    ['a:\r  b: "c\rd"\r', { a: map({ b: 'c d' }) }],
    ['a: ["b",#c\n"d"#e\n]\n', { a: ['b', 'd'] }],
    ['a: ü\nß: "\\u00e9\\x41\\U0001F600"\n', { a: 'ü', ß: 'éA😀' }],
    ['a: b\t# c\n\t\nd: e\n', { a: 'b', d: 'e' }],
    ['a: >-\n  x\n  y\n\n  z\nb: |+\n  c\n\n', { a: 'x y\nz', b: 'c\n\n' }],
    ['{"a": {"b": [1, true, null]}}', { a: map({ b: [1, true, null] }) }],
    ['? a\n: b\n', { a: 'b' }],
    ['a: &x 1\nb: &x 2\nc: *x\n', { a: 1, b: 2, c: 2 }],
  ])('%j is read as Compose reads it', (text, expected) => {
    expect(parse(text)).toMatchObject({ data: map(expected as Record<string, unknown>), text: '' });
  });

  it('reads very long lines', () => {
    const long = 'x'.repeat(100_000);
    expect(parse(`a: ${long}\nb: "${long}"\n`).data).toEqual(map({ a: long, b: long }));
  });

  it.each([
    ['a: [1, 2\nb: 3\n', 'f.yaml:2:1: ', 'close it with "]" before this'],
    ['a: {b: "}"\nc: 3\n', 'f.yaml:2:1: ', 'close it with "}" before this'],
    ['a: 1\nb: "x\nc: 3\n', 'f.yaml:2:4: not YAML: this quote is not closed', 'close it on its line'],
    ["a: 'it's\nc: 3\n", 'f.yaml:1:', 'in quotes'],
    ['a: b: c\n', 'f.yaml:1:4: ', 'put a value that holds ": " in quotes'],
    ['a\nb: c\n', 'f.yaml:1:1: ', 'a ":" is missing after this key'],
  ])('%j is told where it is, not at the end of the file', (text, start, hint) => {
    const said = parse(`${text}${'# more\n'.repeat(20)}`).text;
    expect(said.startsWith(start)).toBe(true);
    expect(said).toContain(hint);
  });

  it('does not complain of lines that Compose takes when another one is wrong', () => {
    expect(parse('a: [\nb,\nc]\nd: "e\nf"\ng: @h\n').text).toMatch(/^f\.yaml:6:4: [^\n]*\n[^\n]*\n[^\n]*$/);
  });

  it('treats constructor and toString as ordinary keys', () => {
    expect(parse('constructor: 1\ntoString: 2\n').data).toEqual(map({ constructor: 1, toString: 2 }));
  });

  it('says whether a file is empty', () => {
    expect(parse('# nothing\n').kind).toBe('empty');
    expect(parse('').kind).toBe('empty');
  });
});

describe('anchors and merge keys', () => {
  it('lets own keys win over merged ones, and earlier sources over later ones, in any order', () => {
    const { data } = parse('a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {z: 3, <<: [*a, *b]}\n');
    const c = map({ x: 1, y: 1, z: 3 });
    expect((data as Map<string, unknown>).get('c')).toEqual(c);
  });

  it('merges what was merged, and lets the last anchor of a name count', () => {
    const { data } = parse('a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: &a {x: 3}\nd: {<<: [*b, *a], z: 4}\ne: {<<: *a}\n');
    expect((data as Map<string, unknown>).get('d')).toEqual(map({ x: 1, y: 2, z: 4 }));
    expect((data as Map<string, unknown>).get('e')).toEqual(map({ x: 3 }));
  });

  it('takes a quoted "<<" as an ordinary key', () => {
    expect(parse('"<<": 1\n').data).toEqual(map({ '<<': 1 }));
  });

  it.each([
    [
      'a: *nope\n',
      'f.yaml:1:4: a: nothing before this is anchored as "&nope"\n    a: *nope\n       ^^^^^ anchor it above, or write it out',
    ],
    ['a: &a [*a]\n', 'f.yaml:1:8: a[0]: "*a" contains itself\n    a: &a [*a]\n           ^^'],
    [
      'a: {<<: 1}\n',
      'f.yaml:1:5: a: "<<" takes a map or a list of maps\n    a: {<<: 1}\n        ^^ write <<: *anchor or <<: [*one, *other]',
    ],
  ])('refuses %s', (text, expected) => {
    expect(parse(text).text).toBe(expected);
  });
});

describe('what is refused', () => {
  it('reports a key that is declared twice, with the line of the first', () => {
    expect(parse('a: 1\nb:\n  c: 1\n  c: 2\n').text).toBe(
      'f.yaml:4:3: b.c: declared twice\n    c: 2\n    ^ the first one is on line 3',
    );
  });

  it.each([
    ['__proto__: {a: 1}\n', ['key']],
    ['? [a]\n: 1\n', ['key']],
    ['a: "\\0"\n', ['value']],
    ['a: !!binary aGk=\n', ['tag']],
    ['a: !python/object x\n', ['tag']],
    ['%YAML 1.1\n---\na: no\n', ['directive']],
    ['%TAG ! tag:x,2000:\n---\na: 1\n', ['directive']],
    ['a: 1\n---\nb: 2\n', ['yaml']],
    ['a: [1, 2\n', ['yaml']],
    ['a:\n\tb: 1\n', ['yaml']],
  ])('%j', (text, codes) => {
    expect(parse(text).codes).toEqual(codes);
  });

  it('names the place and the way out of a broken line, once', () => {
    expect(parse('a: {b: ${C}}\nd: 1\ne: 2\n').text).toBe(
      'f.yaml:1:9: not YAML: this stands where a value has ended\n    a: {b: ${C}}\n            ^ put text with special characters in quotes',
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(parse(Uint8Array.from([0x61, 0x3a, 0x20, 0xff]))).toMatchObject({
      kind: 'refused',
      codes: ['encoding'],
      text: expect.stringMatching(/^f\.yaml:1:4: not valid UTF-8/),
    });
  });

  it('reads a file with a byte order mark', () => {
    expect(parse('\ufeffa: 1\n').data).toEqual(map({ a: 1 }));
  });

  it('caps the diagnostics of one run and counts the rest', () => {
    const { codes, text } = parse(Array.from({ length: 500 }, (_, i) => `k${i}: *x`).join('\n'));
    expect(codes).toHaveLength(MAX_DIAGNOSTICS + 1);
    expect(text).toContain('and 300 more');
  });
});

describe('bombs', () => {
  it.each([
    ['unclosed lists', '['.repeat(2000), 'too-deep'],
    ['closed lists', `${'['.repeat(100)}${']'.repeat(100)}`, 'too-deep'],
    ['nested maps', `a: ${'{a: '.repeat(100)}`, 'too-deep'],
    ['lists of lists in one line', `${'- '.repeat(500)}x`, 'too-deep'],
    ['explicit keys', `${'? '.repeat(500)}x`, 'too-deep'],
    ['indentation', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'too-deep'],
    ['80,000 keys', Array.from({ length: 80_000 }, (_, i) => `k${i}: 1`).join('\n'), 'too-large'],
    [
      'as many keys as the byte cap lets in',
      Array.from({ length: 40_000 }, (_, i) => `${i.toString(36)}: `).join('\n'),
      'too-large',
    ],
    ['commas', `[${','.repeat(200_000)}`, 'too-large'],
    ['more bytes than a configuration has', `a: "${'x'.repeat(TEXT_BYTES)}"`, 'too-large'],
    ['aliases of aliases', laughs(9, 9), 'too-large'],
    ['depth by aliases', ladder(40), 'too-deep'],
    [
      'merge keys of much',
      `a: &a {${Array.from({ length: 5000 }, (_, i) => `k${i}: 1`).join()}}\nb: {<<: [${Array(30).fill('*a').join()}]}`,
      'too-large',
    ],
    ['many documents', '---\na: b\n'.repeat(20_000), 'too-large'],
    ['aliases over documents', `${laughs(4, 9)}\n---\n${laughs(4, 9)}\n---\n`.repeat(6), 'too-large'],
  ])('%s are refused', (_, text, code) => {
    const { kind, codes } = parse(text);
    expect(kind).toBe('refused');
    expect(codes).toEqual([code]);
  });

  it('lets nesting pass that a Compose file may have', () => {
    expect(parse(`a: ${'['.repeat(50)}${']'.repeat(50)}\n`).kind).toBe('tree');
  });

  it('does not count brackets in text', () => {
    expect(parse(`a: "${'['.repeat(200)}"\nb: |\n  ${'{'.repeat(200)}\nc: x${'['.repeat(200)}\n`).kind).toBe('tree');
  });
});

describe('texts that a parser could be slow with', () => {
  const fill = (text: string): string => text.repeat(Math.floor((TEXT_BYTES - 200) / text.length));
  it.each([
    ['a long plain scalar', `a: ${fill('x')}`],
    ['a plain scalar of many lines', `a:\n${fill('  word\n')}`],
    ['a quoted scalar of many lines', `a: "${fill('word\n')}"`],
    ['a quoted scalar that is left open', `a: "${fill('word\n')}`],
    ['many quotes left open', fill('a: "\n')],
    ['doubled quotes', `a: '${fill("''")}`],
    ['escapes', `a: "${fill('\\"')}`],
    ['a block scalar', `a: |\n${fill('  x\n')}`],
    ['comments', fill('# x\n')],
    ['anchors', fill('- &a b\n')],
    ['equal keys', fill('a: 1\n')],
    ['flow pairs', `{${fill('a b:c,')}`],
    ['carriage returns', fill('\r')],
    ['percent signs', fill('%a\n')],
  ])('%s', (_, text) => {
    const start = performance.now();
    parse(text);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

/** Every level names the one before many times. */
function laughs(levels: number, width: number): string {
  const lines = ['a0: &a0 [x]'];
  for (let i = 1; i <= levels; i += 1)
    lines.push(
      `a${i}: &a${i} [${Array(width)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}

/** Every level nests the one before a little deeper. */
function ladder(levels: number): string {
  const lines = ['a0: &a0 [x]'];
  for (let i = 1; i <= levels; i += 1) lines.push(`a${i}: &a${i} [[*a${i - 1}]]`);
  return lines.join('\n');
}
