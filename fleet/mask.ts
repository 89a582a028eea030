// Text without the values of secrets, whatever stands around them: by value, where `secret.ts` goes by names.
import { REDACTED } from './secret.ts';

/** Shorter values are in every text, and as good as no secret. */
export const LEAST_CHARACTERS = 4;
const MOST_CHARACTERS = 64 * 1024;
/** Most secret values of one device: all of them are looked for in whatever it says. */
export const MAX_VALUES = 5000;
/** Values that say nothing by themselves. */
const PLAIN = new Set(['true', 'false', 'null', 'none']);

export type Hide = (text: string) => string;

/** Is it worth hiding? */
export function isHidden(value: string): boolean {
  return value.length >= LEAST_CHARACTERS && value.length <= MOST_CHARACTERS && !PLAIN.has(value.toLowerCase());
}

/** Hides each value and what base64, URLs and JSON make of it, and each longer line of those that have several. */
export function hider(values: Iterable<string>): Hide {
  const forms = new Set<string>();
  for (const value of values) {
    for (const form of formsOf(value)) if (isHidden(form)) forms.add(form);
  }
  if (forms.size === 0) return (text) => text;
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => {
    let hidden = text;
    for (const form of longestFirst) if (hidden.includes(form)) hidden = hidden.replaceAll(form, REDACTED);
    return hidden;
  };
}

/** Others' words, cut without leaving a part of one: half a secret would be recognised by nobody. */
export function cutShort(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).replace(/\S*$/, '')}…`;
}

/** The end of the text, likewise. */
export function endOf(text: string, max: number): string {
  return text.length <= max ? text : `…${text.slice(-max).replace(/^\S*/, '')}`;
}

function formsOf(value: string): string[] {
  if (!isHidden(value)) return [];
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
  const trimmed = value.trim();
  return [
    value,
    trimmed,
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
    urlForm(trimmed),
    JSON.stringify(trimmed).slice(1, -1),
    trimmed.replace(/\s+/g, ' '),
    ...lines.filter((line) => line.length >= 2 * LEAST_CHARACTERS),
  ];
}

/** Half a surrogate pair has no form in a URL. */
function urlForm(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Every text in plain data, keys left as they are. Bounded by what is logged: shallow. */
export function hideDeep(value: unknown, hide: Hide, depth = 8): unknown {
  if (typeof value === 'string') return hide(value);
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => hideDeep(item, hide, depth - 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideDeep(item, hide, depth - 1)]));
}
