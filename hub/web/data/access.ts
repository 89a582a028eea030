// Who looks at this page, as far as the hub has said. Owns signing in and out; what each role may do is the hub's to judge, and
// this only keeps the page from offering what would be refused.
import { type ReadonlySignal, signal } from '@preact/signals';
import type { SessionInfo } from '../../api/access.ts';
import type { Client } from './client.ts';

export type AccessState =
  /** The hub has not said yet: the page offers everything. */
  | { readonly kind: 'unknown' }
  | ({ readonly kind: 'in' } & SessionInfo)
  /** Nothing is shown without a token. */
  | { readonly kind: 'out' };

export interface Access {
  readonly state: ReadonlySignal<AccessState>;
  /** Asks the hub who this is. */
  ask(signal: AbortSignal): Promise<void>;
  /** The hub refused something for want of a token. */
  refused(): void;
  /** Throws a HubError when the token does not hold. */
  signIn(token: string, signal: AbortSignal): Promise<void>;
  signOut(signal: AbortSignal): Promise<void>;
}

export interface AccessInput {
  readonly client: () => Pick<Client, 'whoami' | 'signIn' | 'signOut'>;
  readonly entered: () => void;
  readonly left: () => void;
}

export function createAccess({ client, entered, left }: AccessInput): Access {
  const state = signal<AccessState>({ kind: 'unknown' });
  function refused(): void {
    if (state.value.kind === 'out') return;
    state.value = { kind: 'out' };
    left();
  }
  return {
    state,
    refused,
    async ask(signal) {
      // An older hub, or none at the moment: what it says later decides.
      const who = await client()
        .whoami(signal)
        .catch(() => null);
      if (who !== null) state.value = { kind: 'in', ...who };
    },
    async signIn(token, signal) {
      state.value = { kind: 'in', ...(await client().signIn(token, signal)) };
      entered();
    },
    async signOut(signal) {
      await client().signOut(signal);
      refused();
    },
  };
}

/** May whoever looks at this page ask devices for something? */
export function mayOperate(state: AccessState): boolean {
  return state.kind === 'unknown' || (state.kind === 'in' && state.role !== 'viewer');
}
