// Where images may come from, and how they have to be named. Signatures are checked where there is a network.
import type { Policy } from '../config/policy.ts';
import { parseImage, repositoryOf } from '../image-reference.ts';
import type { Denial } from './denial.ts';

type Rules = Pick<Policy['images'], 'registries' | 'require_digest' | 'cosign_keys'>;

export function judgeImage(reference: string, rules: Rules): Denial | null {
  const image = parseImage(reference);
  if (image === null) return judgeLocal(reference, rules);
  const repository = repositoryOf(image);
  if (rules.registries !== undefined && !rules.registries.some((entry) => isBelow(repository, normalEntry(entry)))) {
    return {
      asks: `runs the image ${reference} from ${image.host}`,
      gives: `images may come from ${rules.registries.join(', ')} only`,
      allow: { key: 'images.registries', entry: image.host === 'docker.io' ? repository : image.host },
    };
  }
  if (rules.require_digest && image.digest === undefined) {
    return {
      asks: `runs the image ${reference} by its tag`,
      gives: 'whoever can push to the registry could change what runs here',
      allow: { key: 'images.require_digest', instead: `name it with its digest, like ${reference}@sha256:…` },
    };
  }
  return null;
}

/** An id names exactly one image, but nobody knows where from. */
function judgeLocal(reference: string, { registries, cosign_keys }: Rules): Denial | null {
  if (registries === undefined && cosign_keys.length === 0) return null;
  return {
    asks: `runs the image ${reference} of this host`,
    gives: 'nobody can tell where it came from',
    allow: {
      key: registries === undefined ? 'images.cosign_keys' : 'images.registries',
      instead: 'name an image of a registry',
    },
  };
}

/** `ghcr.io/team` holds `ghcr.io/team/app` and not `ghcr.io/teamwork`. */
function isBelow(repository: string, entry: string): boolean {
  return repository === entry || repository.startsWith(`${entry}/`);
}

function normalEntry(entry: string): string {
  return entry.replace(/^index\.docker\.io(?=\/|$)/, 'docker.io');
}
