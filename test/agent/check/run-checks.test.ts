import { describe, expect, it } from 'vitest';
import { formatFindings } from '../../../agent/check/format.ts';
import { createGit } from '../../../agent/check/git.ts';
import { type Check, combine, runChecks } from '../../../agent/check/run-checks.ts';
import type { Source } from '../../../agent/git/source.ts';
import { HoldfastError } from '../../../fleet/error.ts';

const never = new AbortController().signal;
const fine = (subject: string): Check => ({
  subject,
  deadlineMs: 60_000,
  look: async () => ({ subject, verdict: 'ok', message: 'fine', remedy: null }),
});

describe('all looks', () => {
  it('are reported in their order, whichever ends first, hangs or throws', async () => {
    let aborted = false;
    const hanging: Check = {
      subject: 'engine',
      deadlineMs: 20,
      look: (signal) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return new Promise(() => undefined);
      },
    };
    const throwing: Check = { ...fine('disk'), look: () => Promise.reject(new Error('boom')) };
    const found = await runChecks([fine('source'), hanging, throwing, fine('clock')], never);
    expect(found.map(({ subject, verdict }) => `${subject} ${verdict}`)).toEqual([
      'source ok',
      'engine failed',
      'disk failed',
      'clock ok',
    ]);
    expect(found[1]?.message).toBe('there was no answer within 0.02 s');
    expect(found[2]?.message).toBe('boom');
    expect(aborted).toBe(true);
  });

  it('run side by side', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting: Check = { ...fine('source'), look: async () => gate.then(() => fine('source').look(never)) };
    const opening: Check = {
      ...fine('clock'),
      look: async (signal) => {
        release();
        return await fine('clock').look(signal);
      },
    };
    expect((await runChecks([waiting, opening], never)).map(({ verdict }) => verdict)).toEqual(['ok', 'ok']);
  });

  it('end when they are told to stop', async () => {
    const stop = new AbortController();
    const running = runChecks([{ ...fine('source'), look: () => new Promise(() => undefined) }], stop.signal);
    stop.abort();
    expect(await running).toMatchObject([{ subject: 'source', verdict: 'failed', message: 'the look was stopped' }]);
  });
});

describe('findings as text', () => {
  it('have one aligned line each, with more lines and what to do below it', () => {
    const text = formatFindings([
      { subject: 'source', verdict: 'ok', message: 'main at 1a2b3c4d', remedy: null },
      { subject: 'trust', verdict: 'warning', message: 'unsigned', remedy: 'Sign.\nOr do not.' },
      { subject: 'engine', verdict: 'failed', message: 'a\n  b', remedy: null },
    ]);
    expect(text).toBe(
      [
        'ok       source   main at 1a2b3c4d',
        'warning  trust    unsigned',
        '                  to do: Sign.',
        '                  to do: Or do not.',
        'failed   engine   a',
        '                    b',
        '',
      ].join('\n'),
    );
  });

  it('cannot steer a terminal', () => {
    expect(formatFindings([{ subject: 'source', verdict: 'ok', message: 'x\u001b[2Jy', remedy: null }])).not.toContain(
      '\u001b',
    );
  });
});

describe('parts of a finding', () => {
  it('give the worst verdict and tell the worst first', () => {
    const part = (verdict: 'ok' | 'warning' | 'failed') => ({ verdict, message: verdict, remedy: `not ${verdict}` });
    expect(combine('trust', [part('ok'), part('failed'), part('warning')])).toEqual({
      subject: 'trust',
      verdict: 'failed',
      message: 'failed\nwarning\nok',
      remedy: 'not failed\nnot warning\nnot ok',
    });
  });
});

describe('what is asked of Git', () => {
  const RAW = Buffer.from(`tree ${'a'.repeat(40)}\nauthor A <a> 1 +0000\ncommitter A <a> 1700000000 +0100\n\nx\n`);
  const absent = () => Promise.reject(new Error('not asked for here'));
  const ABSENT: Source = {
    ...{ poll: absent, lineage: absent, load: absent, readBlob: absent, retain: absent, way: () => null },
    ...{ bundle: () => ABSENT, close: () => undefined },
  };
  const given = (source: Partial<Source>) => ({
    open: (name: string) => {
      opened.push(name);
      return { ...ABSENT, poll: async () => TIP, close: () => void closed.push(name), ...source };
    },
    floor: () => null,
    every: false,
    signal: never,
  });
  const TIP = { commit: 'a'.repeat(40), name: 'main', tag: null };
  const opened: string[] = [];
  const closed: string[] = [];

  it('is asked once, however many want it, and every source is closed', async () => {
    let polls = 0;
    const git = createGit(
      given({
        poll: async () => {
          polls++;
          return TIP;
        },
        lineage: async () => ({ relation: 'first', commits: [{ oid: TIP.commit, raw: RAW }], tag: null }),
      }),
    );
    await Promise.all([git.tip(), git.tip(), git.lineage(), git.committedMs()]);
    expect(await git.committedMs()).toBe(1_700_000_000_000);
    expect(polls).toBe(1);
    expect(opened).toEqual(['content', 'history']);
    git.close();
    expect(closed).toHaveLength(2);
  });

  it('that fails fails for all, but the time of the newest commit is just not known', async () => {
    const git = createGit(given({ poll: () => Promise.reject(new HoldfastError('GitUnreachable', 'away')) }));
    await expect(git.tip()).rejects.toThrow('away');
    await expect(git.lineage()).rejects.toThrow('away');
    expect(await git.committedMs()).toBeNull();
  });
});
