// What a person or program may do at the hub. Pure. Each role may do all that the one before it may.

/** `viewer` sees, `operator` also hints and silences, `admin` also gives and takes access, and reads the audit. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. Without a single token the hub listens on loopback only, and whoever is on this machine is its admin. */
export interface Principal {
  /** Name of the token; `local` on a hub without tokens. */
  readonly name: string;
  readonly role: Role;
  /** null: no token was needed. */
  readonly token: string | null;
}

export const LOCAL: Principal = { name: 'local', role: 'admin', token: null };

export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
