// Findings as text: one line a subject, what to do below it. Pure.
import { printable } from '../../fleet/diagnostic.ts';
import type { Finding } from './check.ts';

const VERDICT_WIDTH = 9;
const SUBJECT_WIDTH = 9;

/** Ends with a line end. */
export function formatFindings(findings: readonly Finding[]): string {
  return findings
    .flatMap(linesOf)
    .map((line) => `${line}\n`)
    .join('');
}

function linesOf({ subject, verdict, message, remedy }: Finding): readonly string[] {
  const indent = ' '.repeat(VERDICT_WIDTH + SUBJECT_WIDTH);
  const [first = '', ...more] = message.split('\n');
  const todo = remedy === null ? [] : remedy.split('\n').map((line) => `${indent}to do: ${line}`);
  const head = `${verdict.padEnd(VERDICT_WIDTH)}${subject.padEnd(SUBJECT_WIDTH)}${first}`;
  return [head, ...more.map((line) => indent + line), ...todo].map((line) => printable(line).trimEnd());
}
