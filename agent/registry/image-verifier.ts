// Are the images of a commit signed by a key that this host's owner trusts? Asks registries, a few at a time; what was
// verified once is remembered by digest and key, so that a start without a network takes nothing down.
import type { Policy } from '../../fleet/config/policy.ts';
import { compareDiagnostics, type Diagnostic, formatDiagnostic } from '../../fleet/diagnostic.ts';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { type ImageReference, parseImage, repositoryOf } from '../../fleet/image-reference.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Pins } from '../../fleet/policy/pin.ts';
import { withoutSecrets } from '../../fleet/without-secrets.ts';
import type { Store, VerifiedImage } from '../store/store.ts';
import { findSignature } from './find-signature.ts';
import { readKeys, type TrustedKey } from './keys.ts';
import { openRegistry, type RegistryOptions } from './registry.ts';

export interface ImageVerifier {
  /**
   * The digest of every image that is asked for, each verified. `known`: digests that were resolved for this very revision
   * before. Throws `VerificationError` with every image that is not signed, and `ImagePullFailed` when that cannot be known now.
   */
  verify(asks: readonly Ask[], known: Pins, signal: AbortSignal): Promise<Pins>;
}

export type VerifiedMemory = Pick<Store, 'verifiedImages' | 'putVerifiedImages'>;

/** The oldest are forgotten first. */
export const VERIFIED_CAP = 512;
/** Registries that are asked at once. */
const PARALLEL = 4;
/** Of the whole look at one commit. */
const VERIFY_MS = 180_000;

export interface ImageVerifierOptions extends Pick<RegistryOptions, 'env' | 'certificates'> {
  readonly rules: Pick<Policy['images'], 'cosign_keys' | 'docker_config'>;
  readonly memory: VerifiedMemory;
}

type ImageAsk = Extract<Ask, { readonly kind: 'image' }>;
type Found =
  | { readonly reference: string; readonly image: VerifiedImage; readonly isNew: boolean }
  | { readonly reference: string; readonly why: string; readonly isRefused: boolean; readonly quietMs?: number };

export function createImageVerifier(options: ImageVerifierOptions): ImageVerifier {
  const { rules, memory } = options;
  return {
    async verify(asks, known, signal) {
      const images = asks.filter((ask): ask is ImageAsk => ask.kind === 'image');
      const references = [...new Set(images.map(({ reference }) => reference))];
      const keys = await readKeys(rules.cosign_keys);
      const late = AbortSignal.timeout(VERIFY_MS);
      const inner = AbortSignal.any([signal, late]);
      const found = await mapSome(references, PARALLEL, (reference) => look(reference, keys, known, inner));
      signal.throwIfAborted();
      remember(found);
      refuse(images, found);
      return new Map(found.flatMap((each) => ('image' in each ? [[each.reference, each.image.digest] as const] : [])));
    },
  };

  async function look(
    reference: string,
    keys: readonly TrustedKey[],
    known: Pins,
    signal: AbortSignal,
  ): Promise<Found> {
    const image = parseImage(reference);
    if (image === null) return { reference, why: 'it is no image of a registry', isRefused: true };
    try {
      return await lookAt(reference, image, keys, known.get(reference), signal);
    } catch (error) {
      const code = error instanceof HoldfastError ? error.code : null;
      const why = signal.aborted ? `this was not known within ${VERIFY_MS / 1000} s` : messageOf(error);
      const quietMs = error instanceof HoldfastError ? (error.retryAfterMs ?? 0) : 0;
      return { reference, why, isRefused: code === 'VerificationError', quietMs };
    }
  }

  async function lookAt(
    reference: string,
    image: ImageReference,
    keys: readonly TrustedKey[],
    knownDigest: string | undefined,
    signal: AbortSignal,
  ): Promise<Found> {
    const repository = repositoryOf(image);
    const recalled = (digest: string) =>
      memory.verifiedImages().find((each) => {
        return each.repository === repository && each.digest === digest && keys.some(({ id }) => id === each.key);
      });
    const given = image.digest ?? knownDigest;
    const held = given === undefined ? undefined : recalled(given);
    if (held !== undefined) return { reference, image: held, isNew: false };
    const registry = await openRegistry(image, { ...options, dockerConfig: rules.docker_config });
    try {
      const digest = given ?? (await registry.resolve(image.tag ?? 'latest', signal));
      if (digest === null) return { reference, why: 'the registry has no such image', isRefused: false };
      const subject = { repository, digest };
      const verdict = recalled(digest) ?? (await findSignature(registry, subject, keys, signal));
      if ('why' in verdict) return { reference, why: verdict.why, isRefused: true };
      return { reference, image: { ...subject, key: verdict.key }, isNew: true };
    } finally {
      registry.close();
    }
  }

  function remember(found: readonly Found[]): void {
    const fresh = found.flatMap((each) => ('image' in each && each.isNew ? [each.image] : []));
    if (fresh.length === 0) return;
    const isFresh = (image: VerifiedImage) =>
      fresh.some(({ repository, digest }) => repository === image.repository && digest === image.digest);
    const older = memory.verifiedImages().filter((image) => !isFresh(image));
    memory.putVerifiedImages([...older, ...fresh].slice(-VERIFIED_CAP));
  }
}

/** What is refused decides: asking again would not help. */
function refuse(asks: readonly ImageAsk[], found: readonly Found[]): void {
  const failed = found.flatMap((each) => ('why' in each ? [each] : []));
  if (failed.length === 0) return;
  const faults = failed.flatMap((each) =>
    asks.filter(({ reference }) => reference === each.reference).map(faultOf(each)),
  );
  const text = faults.sort(compareDiagnostics).map(withoutSecrets).map(formatDiagnostic).join('\n');
  if (failed.some(({ isRefused }) => isRefused)) throw new HoldfastError('VerificationError', text);
  const quietMs = Math.max(...failed.map(({ quietMs = 0 }) => quietMs));
  throw new HoldfastError('ImagePullFailed', text, { retryAfterMs: quietMs > 0 ? quietMs : null });
}

function faultOf({ why, isRefused }: Extract<Found, { why: string }>): (ask: ImageAsk) => Diagnostic {
  const hint = isRefused
    ? 'sign it with "cosign sign --key", or add the key that signed it to policy.images.cosign_keys in agent.yaml'
    : 'it is asked again; what runs goes on running';
  return ({ app, service, key, reference, place }) => ({
    ...place,
    severity: 'error',
    code: 'image-signature',
    message: `${key}: ${service === null ? app : `${app}/${service}`} runs the image ${reference}, whose signature cannot be shown: ${why}`,
    hint,
  });
}

/** As `Promise.all`, a few at a time. */
async function mapSome<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
