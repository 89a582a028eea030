// A silence as somebody asks for it, checked. Pure.
import type { NewSilence } from '../api/alerts.ts';
import { parseMatcher } from './matcher.ts';
import type { Matcher, Silence } from './model.ts';

const LONGEST_MS = 366 * 24 * 60 * 60_000;

/** A text: why it is none, and what to write instead. */
export function createSilence(asked: NewSilence, by: string, now: number): Omit<Silence, 'id'> | string {
  const matchers: Matcher[] = [];
  for (const text of asked.matchers) {
    const matcher = parseMatcher(text);
    if (matcher === null)
      return `matchers: "${text}" is not a matcher; write name=value, name!=value, or name=~pattern with at most two of * and +`;
    matchers.push(matcher);
  }
  const starts = asked.starts === undefined ? now : Date.parse(asked.starts);
  const ends = Date.parse(asked.ends);
  if (ends <= now || ends <= starts) return 'ends: it is over before it begins; write a later time';
  if (ends - now > LONGEST_MS) return 'ends: a year at most; write an earlier time';
  return { matchers, starts, ends, by, reason: asked.reason };
}
