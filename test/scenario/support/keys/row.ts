// One Compose key on the real Engine: a service with it, the same service with it changed, and why steps are planned then.

export interface Row {
  /** The key, and what of it after a dash. */
  readonly name: string;
  readonly before: object;
  readonly after: object;
  /** The cause of the steps, whole; null: nothing is to be done. */
  readonly cause: string | RegExp | null;
  /** Keeps its container. */
  readonly inPlace?: boolean;
  readonly image?: string;
  /** The container that is concerned, where it is not the service's first: `#2`. */
  readonly replica?: string;
}

/** Causes of what makes or removes a container, and changes none. */
export const APPEARS = 'new service';
export const GOES = 'no longer declared';

/** A change that replaces the container. */
export function recreates(name: string, before: object, after: object, cause: string | RegExp): Row {
  return { name, before, after, cause };
}

/** A change that the container lives through. */
export function inPlace(name: string, before: object, after: object, cause: string): Row {
  return { name, before, after, cause, inPlace: true };
}

/** A change that no container has to know of. */
export function silent(name: string, before: object, after: object): Row {
  return { name, before, after, cause: null, inPlace: true };
}
