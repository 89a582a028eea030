// Image references as Docker reads them: `nginx` is `docker.io/library/nginx:latest`. Pure.

export interface ImageReference {
  /** `docker.io`, `ghcr.io`, `127.0.0.1:5000`. */
  readonly host: string;
  /** `library/nginx`. */
  readonly path: string;
  /** Absent where only a digest is given. */
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

const HUB = 'docker.io';

/** null: the id of an image on the host (`sha256:…`, or its digits alone), or no reference at all. */
export function parseImage(text: string): ImageReference | null {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(text)) return null;
  const [, named = '', digest] = /^([^@]*)(?:@([a-z0-9]+:[0-9a-f]{32,128}))?$/.exec(text) ?? [];
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? (digest === undefined ? 'latest' : undefined) : named.slice(colon + 1);
  if (name === '' || tag === '') return null;
  return {
    ...placeOf(name),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The first part is a host when it has a dot, a port or a capital, or is `localhost`. */
function placeOf(name: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = first === 'localhost' || /[.:A-Z]/.test(first);
  const host = isHost ? first.toLowerCase() : HUB;
  const path = isHost ? name.slice(slash + 1) : name;
  if (host !== HUB && host !== `index.${HUB}`) return { host, path };
  return { host: HUB, path: path.includes('/') ? path : `library/${path}` };
}

/** `docker.io/library/nginx`: host and path. */
export function repositoryOf({ host, path }: Pick<ImageReference, 'host' | 'path'>): string {
  return `${host}/${path}`;
}
