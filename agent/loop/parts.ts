// Everything that the loop touches, as arguments: tests and the simulation give others.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import type { HostPaths } from '../../fleet/reconcile/attribute.ts';
import type { HostFacts } from '../../fleet/wire/messages.ts';
import type { Engine } from '../docker/engine.ts';
import type { ContentStore } from '../files/content.ts';
import type { Source } from '../git/source.ts';
import type { Images } from '../images/images.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Reporter } from '../mqtt/reporter.ts';
import type { Judge } from '../policy/judge.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { Store } from '../store/store.ts';
import type { Verifier } from '../trust/verifier.ts';

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: object) => void;

export interface Parts {
  readonly config: AgentConfig;
  readonly paths: HostPaths;
  readonly source: Source;
  readonly inbox: Inbox;
  /** null: unsigned commits are accepted. */
  readonly verifier: Verifier | null;
  /** What a commit may do to this host. */
  readonly judge: Judge;
  readonly secrets: Secrets;
  readonly engine: Engine;
  readonly images: Images;
  readonly content: ContentStore;
  readonly store: Store;
  readonly reporter: Reporter;
  /** Never rejects; null: unknown. */
  readonly hostFacts: () => Promise<Omit<HostFacts, 'engine'> | null>;
  readonly clockSynced: () => Promise<boolean>;
  readonly now: () => Date;
  /** Does not jump when the clock is set. */
  readonly monotonicMs: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly version: string;
  readonly log: Log;
  /** After each cycle of the daemon. */
  readonly onCycle?: (cycle: { readonly ms: number; readonly steps: number; readonly failed: boolean }) => void;
}
