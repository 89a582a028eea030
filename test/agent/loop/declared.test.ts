import { describe, expect, it } from 'vitest';
import type { Relation, Source, Tip } from '../../../agent/git/source.ts';
import { createDeclared, type Declared, type DeclaredParts } from '../../../agent/loop/declared.ts';
import { createJudge, type Judge } from '../../../agent/policy/judge.ts';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import { HoldfastError } from '../../../fleet/error.ts';
import type { SourceTree } from '../../../fleet/model/source.ts';
import type { Pins } from '../../../fleet/policy/pin.ts';
import { noSecrets } from '../../support/no-secrets.ts';

const GOOD = 'services: { web: { image: nginx:1 } }\n';
const BAD = 'services: { web: { imag: nginx:1 } }\n';
const signal = new AbortController().signal;

/**
 * A Git server of one file: `head` is the commit, its letter picks the text. Letters descend from those before them; a
 * capital has its own history. `inbox` is what a person handed in on the host.
 */
function world(commits: Readonly<Record<string, string>>, given: Partial<DeclaredParts> = {}) {
  const state = {
    head: 'a',
    error: null as Error | null,
    bundleError: null as Error | null,
    retainError: null as Error | null,
    /** What commits show, whatever their letters say. */
    relation: null as Relation | null,
    loads: 0,
    accepted: [] as string[],
    signers: [] as (string | null)[],
    applied: null as string | null,
    inbox: { bundle: null as string | null, accepted: null as string | null },
    retained: [] as (readonly string[])[],
  };
  const source: Source = {
    poll: async () => {
      if (state.error !== null) throw state.error;
      return tipOf(state.head);
    },
    lineage: async (tip, since) => ({
      relation: state.relation ?? (since === null ? 'first' : relationOf(tip.commit.charAt(0), since.charAt(0))),
      commits: [{ oid: tip.commit, raw: new Uint8Array() }],
      tag: null,
    }),
    load: async (commit, roots) => {
      state.loads++;
      return tree(commits[commit.charAt(0)] ?? '', roots);
    },
    readBlob: async () => new Uint8Array(),
    retain: async (kept) => {
      if (state.retainError !== null) throw state.retainError;
      state.retained.push(kept);
    },
    way: () => 'narrow',
    bundle: (path) => ({
      ...source,
      poll: async () => {
        if (state.bundleError !== null) throw state.bundleError;
        return tipOf(path.slice(-1));
      },
    }),
    close: () => undefined,
  };
  const config = agentConfigSchema.parse({ device: 'edge-01', source: { url: 'https://git.example.com/fleet.git' } });
  const declared: Declared = createDeclared({
    config,
    secrets: noSecrets,
    log: () => undefined,
    accepted: null,
    applied: () => state.applied,
    asks: [],
    judge: createJudge(config, null),
    accept: ({ desired, signedBy }) => {
      state.accepted.push(desired.revision.slice(-1));
      state.signers.push(signedBy);
    },
    kept: () => ['kept'],
    source,
    verifier: null,
    inbox: {
      bundle: async () => state.inbox.bundle,
      remove: async () => {
        state.inbox.bundle = null;
      },
      accepted: async () => state.inbox.accepted,
      retries: async () => [],
      clearAccepted: async () => {
        state.inbox.accepted = null;
      },
      watch: async () => undefined,
    },
    ...given,
  });
  const refresh = () => declared.refresh(signal);
  /** As the cycles do it when nothing is left to do. */
  const apply = () => {
    state.applied = declared.desired()?.revision ?? null;
  };
  return { state, declared, refresh, apply };
}

function tipOf(letter: string): Tip {
  return { commit: letter.repeat(40), name: 'main', tag: null };
}

function relationOf(now: string, before: string): Relation {
  if (now === before) return 'same';
  if (now < 'a' !== before < 'a') return 'apart';
  return now > before ? 'descends' : 'behind';
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

  it('a commit that is older than the applied one is refused, and so is one of another history', async () => {
    const { declared, state, refresh, apply } = world({ a: GOOD, b: GOOD, X: GOOD });
    state.head = 'b';
    await refresh();
    apply();
    for (const [head, reason] of [
      ['a', 'RollbackRejected'],
      ['F', 'HistoryRewritten'],
    ] as const) {
      const { loads } = state;
      state.head = head;
      await refresh();
      expect(declared.failures()).toEqual([expect.objectContaining({ reason, stalled: true })]);
      expect(declared.failures()[0]?.message).toContain(`holdfast-agent accept ${head.repeat(40)}`);
      expect(declared.desired()?.revision).toContain('bbbb');
      expect(state.loads, 'nothing of it was read').toBe(loads);
    }
  });

  it('a commit that a person accepted on the host is taken once, and that commit alone', async () => {
    const { declared, state, refresh, apply } = world({ a: GOOD, b: GOOD, c: GOOD });
    state.head = 'c';
    await refresh();
    apply();
    state.head = 'b';
    state.inbox.accepted = 'a'.repeat(40);
    await refresh();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'RollbackRejected' })]);
    state.inbox.accepted = 'b'.repeat(40);
    await refresh();
    expect(declared.failures()).toEqual([]);
    expect(declared.desired()?.revision).toContain('bbbb');
    expect(state.inbox.accepted, 'it is used up').toBeNull();
    apply();
    state.head = 'a';
    await refresh();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'RollbackRejected' })]);
  });

  it('a commit without the signature that is asked for is refused before anything of it is read', async () => {
    const refusal = new HoldfastError('VerificationError', 'not signed');
    const verifier = { commit: () => Promise.reject(refusal), tag: () => Promise.reject(refusal) };
    const { declared, state, refresh } = world({ a: GOOD }, { verifier });
    await refresh();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'VerificationError', stalled: true })]);
    expect(state.loads).toBe(0);
    expect(declared.desired()).toBeNull();
  });

  it('a refused signature is looked at again, since the keys on this host may change', async () => {
    let allowed = false;
    const signer = { name: 'alice', key: 'SHA256:abc' };
    const commit = () =>
      allowed ? Promise.resolve(signer) : Promise.reject(new HoldfastError('VerificationError', 'not allowed'));
    const { declared, refresh } = world({ a: GOOD }, { verifier: { commit, tag: commit } });
    await refresh();
    await refresh();
    expect(declared.failures()).toHaveLength(1);
    allowed = true;
    await refresh();
    expect(declared.failures()).toEqual([]);
    expect(declared.desired()?.revision).toContain('aaaa');
  });

  it('who signed is passed on with what was accepted', async () => {
    const signer = { name: 'alice@example.com', key: 'SHA256:abc' };
    const { state, refresh } = world(
      { a: GOOD },
      { verifier: { commit: async () => signer, tag: async () => signer } },
    );
    await refresh();
    expect(state.signers).toEqual(['alice@example.com (SHA256:abc)']);
  });

  it('a ref that is gone removes nothing and says so', async () => {
    const { declared, state, refresh } = world({ a: GOOD });
    state.error = new HoldfastError('GitRefNotFound', 'there is no such branch or tag.');
    await refresh();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'GitOperationFailed' })]);
    state.error = null;
    await refresh();
    state.error = new HoldfastError('GitRefNotFound', 'there is no such branch or tag.');
    await refresh();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'PruneGuard', stalled: false })]);
    expect(declared.desired()?.apps).toHaveLength(1);
  });

  it('a bundle that is handed in is taken while Git is away, and dropped from the inbox', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD });
    await refresh();
    state.error = new HoldfastError('GitUnreachable', 'no answer');
    state.inbox.bundle = '/inbox/b';
    await refresh();
    expect(declared.desired()?.revision).toContain('bbbb');
    expect(state.inbox.bundle).toBeNull();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'GitOperationFailed' })]);
  });

  it('a bundle goes through the same checks', async () => {
    const { declared, state, refresh, apply } = world({ a: GOOD, b: GOOD });
    state.head = 'b';
    await refresh();
    apply();
    state.error = new HoldfastError('GitUnreachable', 'no answer');
    state.inbox.bundle = '/inbox/a';
    await refresh();
    expect(declared.desired()?.revision).toContain('bbbb');
    expect(declared.failures().map(({ reason }) => reason)).toContain('RollbackRejected');
  });

  it('what a Git server asked for is kept until it is asked again', async () => {
    const { declared, state, refresh } = world({ a: GOOD });
    state.error = new HoldfastError('GitUnreachable', 'busy', { retryAfterMs: 30_000 });
    await refresh();
    expect(declared.retryAfterMs()).toBe(30_000);
    state.error = null;
    await refresh();
    expect(declared.retryAfterMs()).toBeNull();
  });

  it('with each new commit goes what the ones before left behind', async () => {
    const { state, refresh } = world({ a: GOOD, b: BAD, c: GOOD });
    await refresh();
    await refresh();
    const a = ['kept', 'a'.repeat(40)];
    expect(state.retained).toEqual([a, a]);
    state.head = 'b';
    await refresh();
    await refresh();
    expect(state.retained, 'what was refused stays for a second look').toHaveLength(3);
    state.head = 'c';
    await refresh();
    expect(state.retained).toHaveLength(5);
  });

  it('what was accepted is the floor, applied or not', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD, c: GOOD });
    state.head = 'c';
    await refresh();
    state.head = 'a';
    await refresh();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'RollbackRejected' })]);
    expect(state.accepted).toEqual(['c']);
  });

  it('a bundle is not undone by a server that is behind it', async () => {
    const { declared, state, refresh, apply } = world({ a: GOOD, b: GOOD, c: GOOD });
    await refresh();
    apply();
    state.head = 'b';
    state.inbox.bundle = '/inbox/c';
    await refresh();
    expect(state.accepted).toEqual(['a', 'c']);
    expect(declared.desired()?.revision).toContain('cccc');
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'RollbackRejected' })]);
  });

  it('a bundle is judged anew, whatever was said of its commit before', async () => {
    const verdicts: Relation[] = ['apart', 'descends'];
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD });
    await refresh();
    state.error = new HoldfastError('GitUnreachable', 'no answer');
    state.relation = verdicts.shift() ?? null;
    state.inbox.bundle = '/inbox/b';
    await refresh();
    expect(declared.desired()?.revision).toContain('aaaa');
    state.relation = verdicts.shift() ?? null;
    state.inbox.bundle = '/inbox/b';
    await refresh();
    expect(declared.desired()?.revision).toContain('bbbb');
  });

  it('what is handed in is taken without asking Git, even when Git wants to be left alone', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD, c: GOOD });
    state.head = 'c';
    await refresh();
    state.head = 'b';
    await refresh();
    state.error = new HoldfastError('GitUnreachable', 'busy', { retryAfterMs: 3_600_000 });
    state.inbox.accepted = 'b'.repeat(40);
    await declared.takeIn(signal);
    expect(declared.desired()?.revision).toContain('bbbb');
    expect(declared.failures()).toEqual([]);
  });

  it('objects that cannot be removed stop nothing', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD });
    await refresh();
    state.retainError = new Error('EIO');
    state.head = 'b';
    await refresh();
    expect(declared.failures()).toEqual([]);
    expect(declared.desired()?.revision).toContain('bbbb');
  });

  it('what cannot be stored is not acted on', async () => {
    const full = () => {
      throw new HoldfastError('DiskPressure', 'the disk is full');
    };
    const { declared, refresh } = world({ a: GOOD }, { accept: full });
    await refresh();
    expect(declared.desired()).toBeNull();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'DiskPressure' })]);
  });

  it('a full disk keeps a bundle waiting', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD });
    await refresh();
    state.inbox.bundle = '/inbox/b';
    state.bundleError = new HoldfastError('DiskPressure', 'the disk is full');
    await refresh();
    expect(state.inbox.bundle).not.toBeNull();
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'DiskPressure' })]);
    state.bundleError = null;
    await refresh();
    expect(state.inbox.bundle).toBeNull();
    expect(state.accepted).toContain('b');
  });

  it('what is no bundle is dropped, and nothing else happens', async () => {
    const { declared, state, refresh } = world({ a: GOOD });
    await refresh();
    state.inbox.bundle = '/inbox/b';
    state.bundleError = new HoldfastError('GitContentRefused', 'it is no bundle');
    await refresh();
    expect(state.inbox.bundle).toBeNull();
    expect(declared.failures()).toEqual([]);
  });
});

describe('what the policy says', () => {
  const away = new HoldfastError('ImagePullFailed', 'the registry is away');
  const denies = new HoldfastError('PolicyDenied', 'not here');
  /** Throws what is next in line; lets in when nothing is. */
  const judging = (errors: (Error | null)[], known: Pins[] = []): Judge => ({
    admit: async (_asks, given) => {
      known.push(given);
      const error = errors.shift() ?? null;
      if (error !== null) throw error;
      return new Map([['nginx:1', `sha256:${'d'.repeat(64)}`]]);
    },
    denied: async (asks) => new Map(asks.map(({ app }) => [app, 'x'])),
  });

  it('refuses a commit for good, and what is in force stays', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD }, { judge: judging([null, denies]) });
    await refresh();
    state.head = 'b';
    await refresh();
    await refresh();
    expect(declared.desired()?.revision).toContain('aaaa');
    expect(declared.failures()).toEqual([expect.objectContaining({ reason: 'PolicyDenied', stalled: true })]);
  });

  it('is asked again when a registry was away, for a commit and for a bundle that waits', async () => {
    const { declared, state, refresh } = world({ a: GOOD, b: GOOD, c: GOOD }, { judge: judging([away, null, away]) });
    await refresh();
    expect(declared.failures()).toEqual([
      { key: 'images', reason: 'ImagePullFailed', message: 'the registry is away', stalled: false },
    ]);
    await refresh();
    expect(declared.failures()).toEqual([]);
    state.inbox.bundle = '/inbox/c';
    await refresh();
    expect(state.inbox.bundle).not.toBeNull();
    await refresh();
    expect(declared.desired()?.revision).toContain('cccc');
  });

  it('pins images, and hears of the pins when the same revision is read again, not of another', async () => {
    const known: Pins[] = [];
    const { declared, refresh } = world({ a: GOOD }, { judge: judging([], known) });
    await refresh();
    const accepted = declared.desired();
    expect(accepted?.apps[0]?.services[0]?.image).toBe(`nginx:1@sha256:${'d'.repeat(64)}`);
    const again = world({ a: GOOD, b: GOOD }, { judge: judging([], known), accepted });
    await again.refresh();
    again.state.head = 'b';
    await again.refresh();
    expect(known.map(({ size }) => size)).toEqual([0, 1, 0]);
  });

  it('learns what is in force asks from a look that refuses it', async () => {
    const first = world({ a: GOOD }, { judge: judging([]) });
    await first.refresh();
    const { declared, refresh } = world({ a: GOOD }, { judge: judging([denies]), accepted: first.declared.desired() });
    expect(declared.asks()).toEqual([]);
    await refresh();
    expect(declared.asks().map(({ app }) => app)).toEqual(['edge-01']);
  });

  it('is told without the secrets that a path or an image was written with', async () => {
    const told = new HoldfastError('PolicyDenied', 'mounts /srv/hunter22');
    const secrets = { ...noSecrets, hide: (text: string) => text.replaceAll('hunter22', '(redacted)') };
    const { declared, refresh } = world({ a: GOOD }, { judge: judging([told]), secrets });
    await refresh();
    expect(declared.failures()).toEqual([expect.objectContaining({ message: 'mounts /srv/(redacted)' })]);
  });

  it('goes on about what was accepted, and from then on about what is', async () => {
    const ask = {
      kind: 'privileged',
      app: 'old',
      service: null,
      key: 'x',
      place: { file: 'f', line: 1, column: 1 },
    } as const;
    const { declared, refresh } = world({ a: GOOD }, { judge: judging([]), asks: [ask] });
    expect(declared.asks().map(({ app }) => app)).toEqual(['old']);
    await refresh();
    expect(declared.asks().map(({ app }) => app)).toEqual(['edge-01']);
  });
});
