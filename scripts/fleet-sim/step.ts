// What a simulated fleet does, step by step, and what each message means to whoever keeps the roster.
import type { Health, Sync } from '../../fleet/model/conditions.ts';
import type { Device } from './device.ts';
import type { Mischief } from './profiles.ts';

/** As agents publish: QoS 1 always. */
export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** What a receiver knows once it has the message. */
export type Meaning =
  | { readonly kind: 'presence'; readonly online: boolean }
  | StatusMeaning
  | { readonly kind: 'event'; readonly message: string }
  /** `cause`: why a hub drops it, as in its metrics. */
  | { readonly kind: 'mischief'; readonly mischief: Mischief; readonly cause: string };

export interface StatusMeaning {
  readonly kind: 'status';
  readonly instance: string;
  readonly boot: number;
  readonly seq: number;
  readonly sync: Sync;
  readonly health: Health;
  readonly drift: number;
  readonly applied: string;
  /** Of the condition that says most. */
  readonly message: string;
}

/** `atMs`: milliseconds of story time. */
export type Step = { readonly atMs: number; readonly device: Device } & (
  | { readonly kind: 'connect'; readonly birth: Message }
  | { readonly kind: 'say'; readonly message: Message; readonly meaning: Meaning }
  /** The link breaks without a word. `will`: what is to be said where the broker cannot. */
  | { readonly kind: 'cut'; readonly will: Message }
  | { readonly kind: 'leave'; readonly farewell: Message }
);

/** Without the moment. */
export type Act = Step extends infer S ? (S extends Step ? Omit<S, 'atMs'> : never) : never;
