// The names that Holdfast and the Engine share: ids, labels, revisions, resource keys.
// Pure text; owns no policy.

/** Labels on everything that an agent creates. The `com.docker.compose.*` ones let existing tools group containers. */
export const LABEL = {
  device: 'io.holdfast.device',
  app: 'io.holdfast.app',
  service: 'io.holdfast.service',
  spec: 'io.holdfast.spec',
  composeProject: 'com.docker.compose.project',
  composeService: 'com.docker.compose.service',
  composeNumber: 'com.docker.compose.container-number',
  composeNetwork: 'com.docker.compose.network',
  composeVolume: 'com.docker.compose.volume',
} as const;

const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Is this a device, fleet or app id? Lower-case letters, digits and dashes, 63 at most. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** `main@sha1:<commit>` (or `sha256:` for a SHA-256 repository), the way a revision is written everywhere. */
export function formatRevision(ref: string, commit: string): string {
  return `${ref}@${commit.length === 64 ? 'sha256' : 'sha1'}:${commit}`;
}

/** The commit of a revision; null: there is none. */
export function commitOf(revision: string | null): string | null {
  return /:([0-9a-f]{40}|[0-9a-f]{64})$/.exec(revision ?? '')?.[1] ?? null;
}

/** Short form for people: `main@1a2b3c4d`. */
export function shortRevision(revision: string): string {
  const at = revision.lastIndexOf('@');
  const colon = revision.indexOf(':', at);
  return at < 0 || colon < 0 ? revision : `${revision.slice(0, at)}@${revision.slice(colon + 1, colon + 9)}`;
}

/** A container of a service: `web`; further ones of the same service `web#2`. */
export function containerKey({ name, number }: { readonly name: string; readonly number: number }): string {
  return number === 1 ? name : `${name}#${number}`;
}

/** Resource keys, as in `drift[].resource`: `service:kiosk/web` (`service:kiosk/web#2`), `network:kiosk/front`, `volume:kiosk/data`. */
export function resourceKey(kind: 'service' | 'network' | 'volume', app: string, name: string): string {
  return `${kind}:${app}/${name}`;
}
