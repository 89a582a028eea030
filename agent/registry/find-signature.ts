// Looks for a signature of one image by a trusted key: first in the classic layout, then among bundles.
import {
  bundleBlob,
  bundleManifests,
  judgeBundle,
  judgePayload,
  STRANGER,
  type Subject,
  signatureLayers,
  type Verdict,
} from './cosign.ts';
import type { TrustedKey } from './keys.ts';
import type { Registry } from './registry.ts';

const PAYLOAD_BYTES = 64 * 1024;
const BUNDLE_BYTES = 1024 * 1024;

/** The first that counts, or why none does: what was found of a key that is trusted says more than a stranger's. */
export async function findSignature(
  registry: Registry,
  subject: Subject,
  keys: readonly TrustedKey[],
  signal: AbortSignal,
): Promise<Verdict> {
  const tag = subject.digest.replace(':', '-');
  const reasons: string[] = [];
  for await (const verdict of verdicts()) {
    if ('key' in verdict) return verdict;
    reasons.push(verdict.why);
  }
  const unsigned = `it is not signed: there is no signature at ${subject.repository}:${tag}.sig`;
  return { why: reasons.find((why) => why !== STRANGER) ?? reasons[0] ?? unsigned };

  async function* verdicts(): AsyncGenerator<Verdict> {
    const manifest = await registry.manifest(`${tag}.sig`, signal);
    for (const { digest, signature } of manifest === null ? [] : signatureLayers(manifest)) {
      const payload = await registry.blob(digest, PAYLOAD_BYTES, signal);
      if (payload !== null) yield judgePayload(payload, signature, keys, subject);
    }
    // Registries without the referrers API keep the index under a tag.
    const index = (await registry.referrers(subject.digest, signal)) ?? (await registry.manifest(tag, signal));
    for (const each of index === null ? [] : bundleManifests(index)) {
      const bundle = await bundleAt(each);
      const verdict = bundle === null ? null : judgeBundle(bundle, keys, subject);
      if (verdict !== null) yield verdict;
    }
  }

  async function bundleAt(digest: string): Promise<Buffer | null> {
    const manifest = await registry.manifest(digest, signal);
    const blob = manifest === null ? null : bundleBlob(manifest);
    return blob === null ? null : registry.blob(blob, BUNDLE_BYTES, signal);
  }
}
