import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../../fleet/compose/keys/shell-words.ts';
import { nearest } from '../../../../fleet/compose/nearest.ts';
import { findCycles } from '../../../../fleet/compose/resolve/cycles.ts';

describe('splitWords', () => {
  it.each([
    ['', []],
    ['  a   b ', ['a', 'b']],
    ['a "b c" d', ['a', 'b c', 'd']],
    ["a 'b \\ c'", ['a', 'b \\ c']],
    ['a\\ b "c\\"d"', ['a b', 'c"d']],
    ['a"b"\'c\'', ['abc']],
    ['a ""', ['a', '']],
    ['sh -c "a && b | c > d"', ['sh', '-c', 'a && b | c > d']],
    ['a=$HOME `b`', ['a=$HOME', '`b`']],
    ['a $(b -c | d) e', ['a', '$(b -c | d)', 'e']],
    ['a `b ; c`', ['a', '`b ; c`']],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual({ kind: 'words', words });
  });

  it.each([
    ['a && b', '&', ['a']],
    ['a | b', '|', ['a']],
    ['a b 2> c', '>', ['a', 'b']],
    ['a; b', ';', ['a']],
  ])('an operator ends the command: %j', (text, cut, words) => {
    expect(splitWords(text)).toEqual({ kind: 'words', words, cut });
  });

  it.each(['a "b', "a 'b", 'a \\', '(a)', 'a)', 'a $(b', 'a `b'])('%j is refused', (text) => {
    expect(splitWords(text).kind).toBe('invalid');
  });
});

describe('nearest', () => {
  const words = ['ports', 'image', 'restart', 'environment', 'env_file'];
  it.each([
    ['prots', 'ports'],
    ['port', 'ports'],
    ['Image', 'image'],
    ['enviroment', 'environment'],
    ['env-file', 'env_file'],
    ['xyz', null],
    ['restrat', 'restart'],
    ['a'.repeat(10_000), null],
  ])('%s means %s', (word, meant) => {
    expect(nearest(word, words)).toBe(meant);
  });
});

describe('findCycles', () => {
  it('names a cycle from its first name, for any order of the graph', () => {
    const edges: [string, string[]][] = [
      ['c', ['a']],
      ['b', ['c']],
      ['a', ['b']],
      ['d', ['a']],
    ];
    expect(findCycles(new Map(edges))).toEqual([['a', 'b', 'c', 'a']]);
    expect(findCycles(new Map(edges.toReversed()))).toEqual([['a', 'b', 'c', 'a']]);
  });

  it('finds none where two ways lead to one', () => {
    expect(
      findCycles(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['d']],
          ['c', ['d']],
          ['d', []],
        ]),
      ),
    ).toEqual([]);
  });

  it('finds what depends on itself', () => {
    expect(findCycles(new Map([['a', ['a']]]))).toEqual([['a', 'a']]);
  });
});
