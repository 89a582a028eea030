// Image references, as far as a pull needs them: what to ask the Engine for, and whether an image fits the host. Pure.

export interface PullName {
  readonly fromImage: string;
  /** Tag or digest. Never empty: without one the Engine pulls every tag of the repository. */
  readonly tag: string;
}

/** `nginx` → nginx, latest; `host:5000/app:2` → host:5000/app, 2; `app:2@sha256:…` → app, sha256:…, as the digest decides. */
export function pullName(reference: string): PullName {
  const at = reference.indexOf('@');
  const named = at < 0 ? reference : reference.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const fromImage = colon < 0 ? named : named.slice(0, colon);
  if (at >= 0) return { fromImage, tag: reference.slice(at + 1) };
  return { fromImage, tag: (colon < 0 ? '' : named.slice(colon + 1)) || 'latest' };
}

/** What a host of each architecture runs besides its own. */
const ALSO_RUNS: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/** Can a host run an image? Unknown (empty) platforms can. */
export function fitsHost(
  image: { readonly os: string; readonly arch: string },
  host: { readonly os: string; readonly arch: string },
): boolean {
  if (image.os !== '' && image.os !== host.os) return false;
  return image.arch === '' || image.arch === host.arch || (ALSO_RUNS[host.arch] ?? []).includes(image.arch);
}
