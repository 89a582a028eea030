import { describe, expect, it } from 'vitest';
import { createDeclared, type Declared } from '../../../agent/loop/declared.ts';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { SourceTree } from '../../../fleet/model/source.ts';

const GOOD = 'services: { web: { image: nginx:1 } }\n';
const BAD = 'services: { web: { imag: nginx:1 } }\n';
const signal = new AbortController().signal;

/** A Git server of one file: `head` is the commit, its letter picks the text. */
function world(commits: Readonly<Record<string, string>>) {
  const state = { head: 'a', error: null as Error | null, loads: 0, accepted: [] as string[] };
  const declared: Declared = createDeclared({
    config: agentConfigSchema.parse({ device: 'edge-01', source: { url: 'https://git.example.com/fleet.git' } }),
    log: () => undefined,
    accepted: null,
    accept: (desired: Desired) => state.accepted.push(desired.revision.slice(-1)),
    source: {
      poll: async () => {
        if (state.error !== null) throw state.error;
        return state.head.repeat(40);
      },
      load: async (commit, roots) => {
        state.loads++;
        return tree(commits[commit.charAt(0)] ?? '', roots);
      },
      readBlob: async () => new Uint8Array(),
    },
  });
  return { state, declared, refresh: () => declared.refresh(signal) };
}

function tree(text: string, roots: readonly string[]): SourceTree {
  const path = 'devices/edge-01/compose.yaml';
  const bytes = new TextEncoder().encode(text);
  const files =
    text === '' ? [] : [[path, { path, mode: '100644', oid: '0'.repeat(40), size: bytes.length, bytes }] as const];
  return { roots, files: new Map(files), trees: new Map([['devices/edge-01', '1'.repeat(40)]]) };
}

describe('what is declared', () => {
  it('follows the ref, and loads a commit once', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD });
    await refresh();
    const { loads } = state;
    await refresh();
    expect(state.loads).toBe(loads);
    state.head = 'b';
    await refresh();
    expect(state.accepted).toEqual(['a', 'b']);
    expect(declared.failures()).toEqual([]);
  });

  it('stays what it was when Git is away, and says so until Git is back', async () => {
    const { declared, state, refresh } = world({ a: GOOD });
    await refresh();
    state.error = new HoldfastError('GitUnreachable', 'no answer');
    await refresh();
    expect(declared.desired()?.revision).toContain('aaaa');
    expect(declared.failures()).toEqual([
      { key: 'git', reason: 'GitOperationFailed', message: 'no answer', stalled: false },
    ]);
    state.error = null;
    await refresh();
    expect(declared.failures()).toEqual([]);
  });

  it('stays what it was when a commit does not resolve, and is stalled until the next commit', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: BAD, c: GOOD });
    await refresh();
    state.head = 'b';
    await refresh();
    expect(declared.desired()?.revision).toContain('aaaa');
    expect(declared.gitRevision()).toContain('bbbb');
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'BuildFailed', stalled: true })]);
    const { loads } = state;
    await refresh();
    expect(state.loads, 'a refused commit is not read again').toBe(loads);
    expect(declared.failures()).toHaveLength(1);
    state.head = 'c';
    await refresh();
    expect(declared.failures()).toEqual([]);
    expect(declared.desired()?.revision).toContain('cccc');
  });

  it('goes back to a good commit that follows a refused one, even when it is the one in force', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: BAD });
    await refresh();
    state.head = 'b';
    await refresh();
    state.head = 'a';
    await refresh();
    expect(declared.failures()).toEqual([]);
    expect(declared.gitRevision()).toContain('aaaa');
  });

  it('an empty folder is refused, and takes nothing away', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: '' });
    await refresh();
    state.head = 'b';
    await refresh();
    expect(declared.desired()?.apps).toHaveLength(1);
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'PruneGuard', stalled: true })]);
  });

  it('a wrong password waits for a person', async () => {
    const { declared, state, refresh } = world({ a: GOOD });
    state.error = new HoldfastError('GitAuthentication', '401');
    await refresh();
    expect(declared.failures()).toEqual([
      { key: 'git', reason: 'AuthenticationFailed', message: '401', stalled: true },
    ]);
  });
});
