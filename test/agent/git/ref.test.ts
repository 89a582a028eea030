import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseRef, parseRef, prefixesOf } from '../../../agent/git/ref.ts';
import type { RemoteRef } from '../../../agent/git/upstream.ts';
import { HoldfastError } from '../../../fleet/error.ts';

const id = (letter: string) => letter.repeat(40);
const ref = (name: string, oid: string, peeled: string | null = null): RemoteRef => ({ name, oid, peeled });
const tags = (...names: readonly string[]) => names.map((name, index) => ref(`refs/tags/${name}`, id(String(index))));
const choose = (text: string, refs: readonly RemoteRef[]) => chooseRef(parseRef(text), refs);

function failure(work: () => unknown): HoldfastError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

describe('source.ref', () => {
  it.each([
    ['main', { kind: 'named', name: 'main' }],
    ['release/2026', { kind: 'named', name: 'release/2026' }],
    ['v1.2.3', { kind: 'named', name: 'v1.2.3' }],
    ['änderung', { kind: 'named', name: 'änderung' }],
    ['refs/heads/main', { kind: 'full', name: 'refs/heads/main' }],
    [id('a'), { kind: 'commit', commit: id('a') }],
    [id('A'), { kind: 'commit', commit: id('a') }],
    [id('a').slice(1), { kind: 'named', name: id('a').slice(1) }],
    ['semver:^1.2', { kind: 'semver', range: '^1.2' }],
    ['semver: >=1.2 <3 || 4.x', { kind: 'semver', range: '>=1.2 <3 || 4.x' }],
    ['semver:*', { kind: 'semver', range: '*' }],
  ])('%s is read', (text, expected) => {
    expect(parseRef(text)).toEqual(expected);
  });

  it.each([
    '',
    '-main',
    'a b',
    'a..b',
    'a@{1}',
    '/main',
    'main/',
    'main.lock',
    'a\u0007b',
    'a:b',
    'x'.repeat(256),
    'semver:',
    'semver:one',
    `semver:${'1.0.0 || '.repeat(50)}1.0.0`,
  ])('%j is refused with what to write instead', (text) => {
    const error = failure(() => parseRef(text));
    expect(error?.code).toBe('ConfigInvalid');
    expect(error?.message).toContain('Write ');
  });

  it('that is a commit id of a SHA-256 repository is refused by that name', () => {
    const error = failure(() => parseRef('a'.repeat(64)));
    expect(error?.code).toBe('ConfigInvalid');
    expect(error?.message).toContain('SHA-256');
  });

  it('asks a server for no more than it may choose from', () => {
    expect(prefixesOf(parseRef('main'))).toEqual(['refs/heads/main', 'refs/tags/main']);
    expect(prefixesOf(parseRef('refs/notes/x'))).toEqual(['refs/notes/x']);
    expect(prefixesOf(parseRef('semver:1.x'))).toEqual(['refs/tags/']);
    expect(prefixesOf(parseRef(id('a')))).toEqual([]);
  });
});

describe('the choice', () => {
  it('takes exact names only', () => {
    expect(choose('main', [ref('refs/heads/main-2', id('1')), ref('refs/heads/main/x', id('2'))])).toBeNull();
    expect(choose('refs/heads/main', [ref('refs/heads/main-2', id('1'))])).toBeNull();
  });

  it('takes a branch before a tag of the same name, and a tag where there is no branch', () => {
    const [branch, tag] = [ref('refs/heads/x', id('1')), ref('refs/tags/x', id('2'), id('3'))];
    expect(choose('x', [tag, branch])).toEqual({ commit: id('1'), name: 'x', tag: null });
    expect(choose('x', [tag])).toEqual({ commit: id('3'), name: 'x', tag: id('2') });
    expect(choose('refs/tags/x', [tag, branch])).toEqual({ commit: id('3'), name: 'refs/tags/x', tag: id('2') });
  });

  it.each([
    ['semver:^1.2', ['v1.1.9', 'v1.2.0', 'v1.10.0', 'v2.0.0'], 'v1.10.0'],
    ['semver:~1.2', ['1.2.0', '1.2.9', '1.3.0'], '1.2.9'],
    ['semver:1.x || 3.x', ['v1.0.0', 'v2.0.0', 'v3.0.1'], 'v3.0.1'],
    ['semver:*', ['v1.0.0', 'v2.0.0-rc.1'], 'v1.0.0'],
    ['semver:>=2.0.0-rc', ['v1.0.0', 'v2.0.0-rc.1', 'v2.0.0-rc.2'], 'v2.0.0-rc.2'],
    ['semver:>=2.0.0-rc', ['v2.0.0-rc.2', 'v2.1.0-rc.1'], 'v2.0.0-rc.2'],
    ['semver:1.2.3', ['1.2.3', 'v1.2.3'], 'v1.2.3'],
    ['semver:1.2.3', ['1.2.3+b', '1.2.3+a'], '1.2.3+b'],
    ['semver:*', ['kiosk/v9.0.0', '=v9.0.0', 'v1.2', 'latest', '1.2.3.4', 'v1.0.0'], 'v1.0.0'],
    ['semver:*', ['1.2', 'latest'], null],
  ])('of %s among %j is %s', (text, names, expected) => {
    expect(choose(text, tags(...names))?.name ?? null).toBe(expected);
  });

  it('of a version is no branch of that name', () => {
    expect(choose('semver:*', [ref('refs/heads/v9.0.0', id('9'))])).toBeNull();
  });

  it('of a version behind an annotated tag names the tag and the commit', () => {
    expect(choose('semver:*', [ref('refs/tags/v1.0.0', id('1'), id('2'))])).toEqual({
      commit: id('2'),
      name: 'v1.0.0',
      tag: id('1'),
    });
  });

  it('of a commit asks nobody', () => {
    expect(choose(id('a'), [])).toEqual({ commit: id('a'), name: id('a'), tag: null });
  });

  it('refuses a SHA-256 repository', () => {
    expect(failure(() => choose('main', [ref('refs/heads/main', 'a'.repeat(64))]))?.code).toBe('GitContentRefused');
  });

  it('does not depend on the order of the refs, even where a server lists a name twice', () => {
    const name = fc.constantFrom(
      ...['refs/heads/x', 'refs/tags/x', 'refs/tags/v1.0.0', 'refs/tags/1.0.0', 'refs/tags/1.0.0+a'],
      ...['refs/tags/v1.0.0-rc.1', 'refs/tags/v2.0.0', 'refs/heads/x2'],
    );
    const oid = fc.constantFrom('1', '2', '3').map(id);
    const refs = fc.array(fc.record({ name, oid, peeled: fc.option(oid) }), { maxLength: 12 });
    const shuffled = refs.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    const text = fc.constantFrom('x', 'refs/tags/x', 'semver:*', 'semver:^1.0.0-rc', 'semver:1.0.0');
    fc.assert(
      fc.property(text, shuffled, (wanted, [one, other]) => {
        expect(choose(wanted, other)).toEqual(choose(wanted, one));
      }),
    );
  });
});
