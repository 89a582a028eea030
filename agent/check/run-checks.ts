// Carries out looks at several subjects at once: each is reported, in the order given, whatever becomes of it. Knows no subject.
import { messageOf } from '../../fleet/error.ts';
import type { Finding, Verdict } from './check.ts';

export interface Check {
  readonly subject: string;
  readonly deadlineMs: number;
  readonly look: (signal: AbortSignal) => Promise<Finding>;
}

/** Never rejects. */
export async function runChecks(checks: readonly Check[], signal: AbortSignal): Promise<readonly Finding[]> {
  return await Promise.all(checks.map((check) => runCheck(check, signal)));
}

async function runCheck({ subject, deadlineMs, look }: Check, signal: AbortSignal): Promise<Finding> {
  const ended = new AbortController();
  const inner = AbortSignal.any([signal, ended.signal]);
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<Finding>((resolve) => {
    const give = (message: string, remedy: string) => resolve({ subject, verdict: 'failed', message, remedy });
    timer = setTimeout(
      give,
      deadlineMs,
      `there was no answer within ${deadlineMs / 1000} s`,
      'Try again; if it stays so, look at what is named here.',
    );
    const stop = (): void => give('the look was stopped', 'Run the check again.');
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    ended.signal.addEventListener('abort', () => signal.removeEventListener('abort', stop), { once: true });
  });
  const found = looked(subject, look, inner);
  try {
    return await Promise.race([found, given]);
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

/** A look says by itself what it expects to go wrong; anything else is a fault to be reported. */
async function looked(subject: string, look: Check['look'], signal: AbortSignal): Promise<Finding> {
  try {
    return await look(signal);
  } catch (error) {
    const remedy = 'This was not expected: run the check again, and report it if it stays so.';
    return { subject, verdict: 'failed', message: messageOf(error), remedy };
  }
}

const ORDER: readonly Verdict[] = ['ok', 'warning', 'failed'];

/** What one part of a look found. */
export type Part = Omit<Finding, 'subject'>;

/** Several parts as one finding, with the worst verdict; what is not well comes first. */
export function combine(subject: string, parts: readonly Part[]): Finding {
  const sorted = parts.toSorted((one, other) => ORDER.indexOf(other.verdict) - ORDER.indexOf(one.verdict));
  const remedies = sorted.flatMap(({ remedy }) => remedy ?? []);
  return {
    subject,
    verdict: sorted[0]?.verdict ?? 'ok',
    message: sorted.map(({ message }) => message).join('\n'),
    remedy: remedies.length === 0 ? null : remedies.join('\n'),
  };
}
