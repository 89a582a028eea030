// Which refs `source.ref` means, and which commit of those that a server lists it chooses. Pure: what comes in is checked text,
// and the order in which a server lists its refs never matters.
import compare from 'semver/functions/compare.js';
import parse from 'semver/functions/parse.js';
import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { HoldfastError } from '../../fleet/error.ts';
import type { Tip } from './source.ts';
import type { RemoteRef } from './upstream.ts';

export type Ref =
  | { readonly kind: 'commit'; readonly commit: string }
  /** A branch or a tag. */
  | { readonly kind: 'named'; readonly name: string }
  /** `refs/…`, exactly this one. */
  | { readonly kind: 'full'; readonly name: string }
  /** The tag with the highest version in the range. */
  | { readonly kind: 'semver'; readonly range: string };

const SEMVER = 'semver:';
const RANGE_CHARS = 256;
const BRANCHES = 'refs/heads/';
const TAGS = 'refs/tags/';
/** What Git refuses in a name (git-check-ref-format), and a dash in front, which a program could take for an option. */
const NAME = /^[^\s~^:?*[\\\p{Cc}-][^\s~^:?*[\\\p{Cc}]{0,254}$/u;
const NEVER_A_NAME = /\.\.|@\{|\/\/|^[/.]|\/\.|[/.]$|\.lock(\/|$)|^@$/;

/** Throws `ConfigInvalid`. */
export function parseRef(text: string): Ref {
  if (text.startsWith(SEMVER)) return parseRange(text.slice(SEMVER.length).trim());
  if (/^[0-9a-f]{40}$/i.test(text)) return { kind: 'commit', commit: text.toLowerCase() };
  if (/^[0-9a-f]{64}$/i.test(text))
    throw invalid(`${text.slice(0, 12)}… is the commit id of a SHA-256 repository, and these are not supported.`);
  if (!NAME.test(text) || NEVER_A_NAME.test(text))
    throw invalid(
      `${JSON.stringify(text.slice(0, 256))} is no name that Git allows. Write a branch, a tag, a full commit id, or semver:<range>.`,
    );
  return { kind: text.startsWith('refs/') ? 'full' : 'named', name: text };
}

function parseRange(range: string): Ref {
  if (range === '' || range.length > RANGE_CHARS || validRange(range) === null)
    throw invalid(
      `${JSON.stringify(`${SEMVER}${range.slice(0, RANGE_CHARS)}`)} is no range of versions. Write it like "semver:^1.2", "semver:>=1.2 <3 || 4.x" or "semver:*".`,
    );
  return { kind: 'semver', range };
}

/** What to ask a server for; a prefix also fits names that only begin like it. */
export function prefixesOf(ref: Ref): readonly string[] {
  switch (ref.kind) {
    case 'commit':
      return [];
    case 'named':
      return [BRANCHES + ref.name, TAGS + ref.name];
    case 'full':
      return [ref.name];
    case 'semver':
      return [TAGS];
  }
}

/** A branch goes before a tag of the same name. null: none fits. Throws `GitContentRefused` for a SHA-256 repository. */
export function chooseRef(ref: Ref, refs: readonly RemoteRef[]): Tip | null {
  if (ref.kind === 'commit') return { commit: ref.commit, name: ref.commit, tag: null };
  if (refs.some(({ oid, peeled }) => oid.length === 64 || peeled?.length === 64))
    throw new HoldfastError(
      'GitContentRefused',
      'This is a SHA-256 repository, and these are not supported. Use one with SHA-1 ids (git init --object-format=sha1).',
    );
  if (ref.kind === 'semver') return newest(ref.range, refs);
  for (const wanted of prefixesOf(ref)) {
    const found = refs.filter(({ name }) => name === wanted).toSorted(byIds)[0];
    if (found !== undefined) return chosen(found, ref.name);
  }
  return null;
}

function newest(range: string, refs: readonly RemoteRef[]): Tip | null {
  const fitting = refs.flatMap((ref) => {
    const name = ref.name.startsWith(TAGS) ? ref.name.slice(TAGS.length) : '';
    const version = /^v?\d/.test(name) ? parse(name) : null;
    return version !== null && satisfies(version, range) ? [{ ref, name, version }] : [];
  });
  const best = fitting.toSorted(
    (one, other) =>
      compare(other.version, one.version) || compareText(other.name, one.name) || byIds(one.ref, other.ref),
  )[0];
  return best === undefined ? null : chosen(best.ref, best.name);
}

function chosen({ oid, peeled }: RemoteRef, name: string): Tip {
  return { commit: peeled ?? oid, name, tag: peeled === null ? null : oid };
}

/** No server lists a name twice; one that does is not allowed to choose by order. */
function byIds(one: RemoteRef, other: RemoteRef): number {
  return compareText(one.oid, other.oid) || compareText(one.peeled ?? '', other.peeled ?? '');
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function invalid(why: string): HoldfastError {
  return new HoldfastError('ConfigInvalid', `source.ref: ${why}`);
}
