// What may be meant by YAML that is right, but stands where it means nothing: the hints of the readers.
import { type Entry, isNull, type Node } from './node.ts';
import { shown } from './report.ts';

/** More keys than this are not listed. */
const LISTED_KEYS = 12;

/** What may be meant by a key that resembles none: one that is not indented enough follows a key that is left empty. */
export function instead({ keyAt }: Entry, previous: Entry | undefined, known: readonly string[]): string {
  if (previous !== undefined && isNull(previous.value) && previous.keyAt.file === keyAt.file)
    return `indent it if it belongs to "${shown(previous.key)}"`;
  if (known.length <= LISTED_KEYS) return `known here: ${known.join(', ')}`;
  return 'remove it; keys of your own begin with "x-"';
}

/** What was meant to be a list of one, or lacks the spaces that make one. */
export function asList(node: Node): string | undefined {
  if (node.kind !== 'scalar' || node.value === null) return undefined;
  if (/^-\S/.test(node.text)) return 'write a space after each dash';
  return `write it as a list: ["${shown(node.text)}"]`;
}
