// Which of the images that this agent pulled may go. Pure. An image stays while a container runs on it, ours or not, while the
// declared or a last known good state names it, and while somebody gave it a name of their own.
// Ages are hours that the agent saw it unused: no clock of the host is asked, so none can jump.
import { parseImage, repositoryOf } from '../../fleet/image-reference.ts';
import type { HostImage } from '../docker/images.ts';
import type { BroughtImage } from '../store/store.ts';

export interface Unused {
  readonly id: string;
  /** For people. */
  readonly reference: string;
  readonly unusedS: number;
  /** What to remove, one after the other: its names, or the id of an image without one. */
  readonly names: readonly string[];
}

export interface ImagesSeen {
  readonly brought: readonly BroughtImage[];
  readonly onHost: readonly HostImage[];
  /** Ids that containers run on. */
  readonly used: ReadonlySet<string>;
  /** References that states name. */
  readonly named: readonly string[];
  /** Since it was last looked. */
  readonly elapsedS: number;
}

/** What is to be remembered now, and what may go, the longest unused first. */
export function judgeImages({ brought, onHost, used, named, elapsedS }: ImagesSeen): {
  readonly brought: readonly BroughtImage[];
  readonly unused: readonly Unused[];
} {
  const wanted = new Set(named.map(canonical));
  const isUsed = ({ id, tags, digests }: HostImage): boolean =>
    used.has(id) || wanted.has(id) || [...tags, ...digests].some((name) => wanted.has(canonical(name)));
  const kept: BroughtImage[] = [];
  const unused = new Map<string, Unused>();
  for (const image of brought) {
    const host = onHost.find(({ id }) => id === image.id);
    if (host === undefined) continue;
    const unusedS = isUsed(host) ? 0 : image.unusedS + elapsedS;
    kept.push({ ...image, unusedS });
    const names = namesOf(host, brought);
    if (!isUsed(host) && names !== null)
      unused.set(image.id, { id: image.id, reference: image.reference, unusedS, names });
  }
  return { brought: kept, unused: [...unused.values()].sort((a, b) => b.unusedS - a.unusedS) };
}

/** null: it has a name that this agent did not pull. */
function namesOf({ id, tags, digests }: HostImage, brought: readonly BroughtImage[]): readonly string[] | null {
  const ours = brought.filter((image) => image.id === id).map(({ reference }) => reference);
  const references = new Set(ours.map(canonical));
  const repositories = new Set(ours.map(repository));
  if (tags.some((tag) => !references.has(canonical(tag)))) return null;
  if (digests.some((digest) => !repositories.has(repository(digest)))) return null;
  return tags.length > 0 ? tags : [id];
}

/** One spelling for each reference; a digest decides over a tag. */
function canonical(reference: string): string {
  const image = parseImage(reference);
  if (image === null) return reference.startsWith('sha256:') ? reference : `sha256:${reference}`;
  return image.digest === undefined ? `${repositoryOf(image)}:${image.tag}` : `${repositoryOf(image)}@${image.digest}`;
}

function repository(reference: string): string {
  const image = parseImage(reference);
  return image === null ? '' : repositoryOf(image);
}
