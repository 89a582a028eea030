import { describe, expect, it } from 'vitest';
import type { Node } from '../../../fleet/compose/node.ts';
import { locate } from '../../../fleet/compose/place.ts';
import { createReport, MAX_DIAGNOSTICS } from '../../../fleet/compose/report.ts';
import { parseYaml } from '../../../fleet/compose/yaml.ts';
import { formatDiagnostic } from '../../../fleet/diagnostic.ts';
import { TEXT_BYTES } from '../../../fleet/model/source.ts';

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

  it('keeps a number as it was written beside its value', () => {
    const { root } = parse('mode: 0644\n');
    const node = root?.kind === 'map' ? root.entries.get('mode')?.value : undefined;
    expect(node).toMatchObject({ value: 644, text: '0644' });
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

  it('takes a quoted "<<" as an ordinary key', () => {
    expect(parse('"<<": 1\n').data).toEqual(map({ '<<': 1 }));
  });

  it.each([
    ['a: *nope\n', 'f.yaml:1:4: a: nothing before this is anchored as "&nope"\n    a: *nope\n       ^^^^^'],
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
      'f.yaml:1:9: not YAML: Unexpected flow-map-start at node end\n    a: {b: ${C}}\n            ^ put text with special characters in quotes',
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(parse(Uint8Array.from([0x61, 0x3a, 0x20, 0xff]))).toMatchObject({ kind: 'refused', codes: ['encoding'] });
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
