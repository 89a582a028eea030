// What cosign attaches to an image, read and judged: the classic layout (simple signing payloads in a manifest that is tagged
// `sha256-<digest>.sig`) and bundles (DSSE envelopes). Pure: bytes in, a verdict out; doubt is never trust.
// Source: cosign's SIGNATURE_SPEC and BUNDLE_SPEC, DSSE 1.0.
import { z } from 'zod';
import { parseImage, repositoryOf } from '../../fleet/image-reference.ts';
import { isDigest, jsonOf } from './digest.ts';
import type { TrustedKey } from './keys.ts';

/** An image as it was asked for: `docker.io/library/nginx`, `sha256:…`. */
export interface Subject {
  readonly repository: string;
  readonly digest: string;
}

/** A signature that counts, by the id of its key; or why it does not. */
export type Verdict = { readonly key: string } | { readonly why: string };

/** One signature of the classic layout; its payload is a blob. */
export interface SignatureLayer {
  readonly digest: string;
  readonly signature: Buffer;
}

/** More signatures of one image are not looked at. */
export const MAX_SIGNATURES = 32;

const SIGNATURE = 'dev.cosignproject.cosign/signature';
const SIGNED = 'https://sigstore.dev/cosign/sign/v1';
const IN_TOTO = 'application/vnd.in-toto+json';
/** Said of a signature by a key that nobody here trusts. */
export const STRANGER = 'it is signed, but by no key of policy.images.cosign_keys';

const manifestSchema = z.object({
  layers: z.array(z.object({ digest: z.string(), annotations: z.record(z.string(), z.string()).optional() })),
});

/** The signatures that a classic manifest lists. */
export function signatureLayers(manifest: Buffer): SignatureLayer[] {
  const { layers } = manifestSchema.safeParse(jsonOf(manifest)).data ?? { layers: [] };
  return layers.slice(0, MAX_SIGNATURES).flatMap(({ digest, annotations }) => {
    const signature = annotations?.[SIGNATURE];
    return signature === undefined || !isDigest(digest)
      ? []
      : [{ digest, signature: Buffer.from(signature, 'base64') }];
  });
}

const payloadSchema = z.object({
  critical: z.object({
    identity: z.object({ 'docker-reference': z.string() }),
    image: z.object({ 'docker-manifest-digest': z.string() }),
  }),
});

/** First who, then what: a stranger's words are never read. */
export function judgePayload(
  payload: Buffer,
  signature: Buffer,
  keys: readonly TrustedKey[],
  subject: Subject,
): Verdict {
  const key = keys.find((each) => each.fits(payload, signature));
  if (key === undefined) return { why: STRANGER };
  const parsed = payloadSchema.safeParse(jsonOf(payload));
  if (!parsed.success) return { why: 'what was signed is no statement of cosign about an image' };
  const { identity, image } = parsed.data.critical;
  if (image['docker-manifest-digest'] !== subject.digest) return { why: 'its signature is for another image' };
  const named = parseImage(identity['docker-reference']);
  if (named === null || repositoryOf(named) !== subject.repository)
    return {
      why: `it was signed as ${identity['docker-reference'] || 'no image by name'}, and not as ${subject.repository}`,
    };
  return { key: key.id };
}

const indexSchema = z.object({
  manifests: z.array(z.object({ digest: z.string(), artifactType: z.string().optional() })),
});

/** The manifests of bundles that an index of referrers lists. */
export function bundleManifests(index: Buffer): string[] {
  const { manifests } = indexSchema.safeParse(jsonOf(index)).data ?? { manifests: [] };
  return manifests
    .filter(
      ({ digest, artifactType = '' }) =>
        isDigest(digest) && artifactType.startsWith('application/vnd.dev.sigstore.bundle'),
    )
    .slice(0, MAX_SIGNATURES)
    .map(({ digest }) => digest);
}

/** The blob that a bundle's manifest holds; null: none. */
export function bundleBlob(manifest: Buffer): string | null {
  const { layers } = manifestSchema.safeParse(jsonOf(manifest)).data ?? { layers: [] };
  return layers.map(({ digest }) => digest).find(isDigest) ?? null;
}

const bundleSchema = z.object({
  dsseEnvelope: z.object({
    payload: z.string(),
    payloadType: z.string(),
    signatures: z.array(z.object({ sig: z.string() })).max(MAX_SIGNATURES),
  }),
});
const statementSchema = z.object({
  predicateType: z.string(),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })),
});

/** null: it speaks of something else than who signed the image. A bundle names no repository, the digest alone decides. */
export function judgeBundle(bundle: Buffer, keys: readonly TrustedKey[], { digest }: Subject): Verdict | null {
  const parsed = bundleSchema.safeParse(jsonOf(bundle));
  if (!parsed.success) return null;
  const { payload, payloadType, signatures } = parsed.data.dsseEnvelope;
  const bytes = Buffer.from(payload, 'base64');
  const signed = preAuthentication(payloadType, bytes);
  const key = keys.find((each) => signatures.some(({ sig }) => each.fits(signed, Buffer.from(sig, 'base64'))));
  if (key === undefined) return { why: STRANGER };
  const statement = statementSchema.safeParse(jsonOf(bytes));
  // The same key may have attested where the image came from; that is no signature.
  if (payloadType !== IN_TOTO || !statement.success || statement.data.predicateType !== SIGNED) return null;
  const names = statement.data.subject.some((each) => `sha256:${each.digest.sha256}` === digest);
  return names ? { key: key.id } : { why: 'its signature is for another image' };
}

/** What a DSSE signature is over. */
function preAuthentication(type: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
