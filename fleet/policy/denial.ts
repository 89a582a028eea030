// What a device does not allow, as words: what is asked, what it would give away, and the lines that would allow it.
import type { Policy } from '../config/policy.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { Ask } from '../model/ask.ts';

/** What the rules know: the owner's policy, and where this agent's Engine listens. */
export interface Owner {
  readonly policy: Policy;
  readonly socket: string;
}

/** The ask of one kind. */
export type AskOf<K extends Ask['kind']> = Extract<Ask, { readonly kind: K }>;
export interface Denial {
  /** After the service: `mounts /etc of the host`. */
  readonly asks: string;
  /** What a container could do with it: `it could change /etc on this host`. */
  readonly gives: string;
  readonly allow: Allowance;
}

/** A key of the policy, and what it has to be or to list. */
export type Allowance =
  | { readonly key: KeysOf<boolean>; readonly value: true }
  | { readonly key: KeysOf<readonly unknown[]>; readonly entry: string }
  | { readonly key: 'images.registries'; readonly entry: string }
  /** The file is what has to change. */
  | { readonly key: `images.${string}`; readonly instead: string };

type KeysOf<T> = { [K in keyof Policy]: Policy[K] extends T ? K : never }[keyof Policy];

export function diagnosticOf({ asks, gives, allow }: Denial, { app, service, key, place }: Ask): Diagnostic {
  const who = service === null ? app : `${app}/${service}`;
  return {
    ...place,
    severity: 'error',
    code: 'policy',
    message: `${key}: ${who} ${asks}, which this device does not allow`,
    hint: `${gives}; ${remedy(allow)}`,
  };
}

function remedy(allow: Allowance): string {
  if ('instead' in allow) return `${allow.instead} (policy.${allow.key} in agent.yaml)`;
  return `to allow it set policy.${allow.key} in agent.yaml: ${yaml(allow)}`;
}

/** As it can be pasted; lists are added to. */
function yaml(allow: Exclude<Allowance, { readonly instead: string }>): string {
  const value = 'entry' in allow ? `[${quoted(allow.entry)}]` : String(allow.value);
  return `policy: { ${allow.key.split('.').join(': { ')}: ${value} }${allow.key.includes('.') ? ' }' : ''}`;
}

/** Plain where YAML reads it as the same text anywhere. */
function quoted(text: string): string {
  return /^[A-Za-z/][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
