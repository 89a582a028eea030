// Matchers as Alertmanager writes them: `site=berlin`, `rule!=drift`, `device=~edge-.*`. Pure. A label that is not there is empty.
import type { Labels, Matcher } from './model.ts';

const PATTERN = /^\s*([A-Za-z_][\w./-]*)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*$/s;
const VALUE_CHARS = 256;

/** null: not a matcher; write it as name=value. */
export function parseMatcher(text: string): Matcher | null {
  const [, name, op, value] = PATTERN.exec(text) ?? [];
  if (name === undefined || value === undefined || value.length > VALUE_CHARS) return null;
  if (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~') return null;
  return op.endsWith('~') && !isSafePattern(value) ? null : { name, op, value };
}

export function matcherText({ name, op, value }: Matcher): string {
  return `${name}${op}${value}`;
}

export function createTest(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map(({ name, op, value }) => {
    const negated = op.startsWith('!');
    const equal = op.endsWith('~') ? matchesPattern(value) : (text: string) => text === value;
    return (labels: Labels) => equal(Object.hasOwn(labels, name) ? (labels[name] ?? '') : '') !== negated;
  });
  return (labels) => tests.every((test) => test(labels));
}

export function matchesAll(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/**
 * Only what cannot take long on any text: literals, classes, `.`, alternatives, and at most two of `*` and `+`, each after
 * a single character. A group that is repeated is where patterns explode.
 */
function isSafePattern(text: string): boolean {
  if (/\)[*+?{]|\\[1-9k]|\(\?[^:]|[*+?}][*+{]/.test(text) || (text.match(/[*+]/g)?.length ?? 0) > 2) return false;
  try {
    return new RegExp(`^(?:${text})$`, 'su') instanceof RegExp;
  } catch {
    // Not a pattern at all.
    return false;
  }
}

function matchesPattern(text: string): (given: string) => boolean {
  const pattern = new RegExp(`^(?:${text})$`, 'su');
  return (given) => pattern.test(given);
}
