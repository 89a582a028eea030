// Signs images as cosign does, with keys made here, and puts what it makes into a registry over its API.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface SigningKey {
  readonly pem: string;
  sign(bytes: Buffer): Buffer;
}

export function makeKey(kind: 'ec' | 'ed25519' | 'rsa' = 'ec'): SigningKey {
  const { publicKey, privateKey } = pairOf(kind);
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => sign(kind === 'ed25519' ? null : 'sha256', bytes, privateKey),
  };
}

function pairOf(kind: 'ec' | 'ed25519' | 'rsa'): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'ec') return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
}

/** `http://127.0.0.1:5000`, `shop/web`. */
export interface Repository {
  readonly origin: string;
  readonly name: string;
}

/** What cosign signs of an image. */
export function payloadOf({ origin, name }: Repository, digest: string, identity?: string): Buffer {
  const reference = identity ?? `${new URL(origin).host}/${name}`;
  const critical = {
    identity: { 'docker-reference': reference },
    image: { 'docker-manifest-digest': digest },
    type: 'cosign container image signature',
  };
  return Buffer.from(JSON.stringify({ critical, optional: null }));
}

/** The classic layout: payloads as layers of a manifest that is tagged `sha256-….sig`. */
export async function putSignatures(
  repository: Repository,
  digest: string,
  signed: readonly { readonly payload: Buffer; readonly signature: Buffer }[],
): Promise<void> {
  const layers = await Promise.all(
    signed.map(async ({ payload, signature }) => ({
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      size: payload.length,
      digest: await putBlob(repository, payload),
      annotations: { 'dev.cosignproject.cosign/signature': signature.toString('base64') },
    })),
  );
  await putManifest(repository, `${digest.replace(':', '-')}.sig`, { layers });
}

/** Signs and puts in one go. */
export async function signImage(repository: Repository, digest: string, key: SigningKey): Promise<void> {
  const payload = payloadOf(repository, digest);
  await putSignatures(repository, digest, [{ payload, signature: key.sign(payload) }]);
}

/** A bundle (DSSE) as cosign 3 attaches it, listed under the tag that stands in for the referrers API. */
export async function putBundle(
  repository: Repository,
  digest: string,
  key: SigningKey,
  predicateType = 'https://sigstore.dev/cosign/sign/v1',
): Promise<void> {
  const type = 'application/vnd.in-toto+json';
  const subject = [{ digest: { sha256: digest.slice('sha256:'.length) } }];
  const payload = Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType }));
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const envelope = {
    payload: payload.toString('base64'),
    payloadType: type,
    signatures: [{ sig: key.sign(signed).toString('base64') }],
  };
  const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const bundle = Buffer.from(JSON.stringify({ mediaType, dsseEnvelope: envelope }));
  const layers = [{ mediaType, size: bundle.length, digest: await putBlob(repository, bundle) }];
  const manifest = await putManifest(repository, null, { layers });
  const manifests = [{ mediaType: MANIFEST, artifactType: mediaType, digest: manifest, size: 1 }];
  await putManifest(repository, digest.replace(':', '-'), { manifests }, 'application/vnd.oci.image.index.v1+json');
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Any manifest; `tag` null: by its digest. Returns the digest. */
export async function putManifest(
  repository: Repository,
  tag: string | null,
  content: object,
  mediaType = MANIFEST,
): Promise<string> {
  const config =
    mediaType === MANIFEST
      ? {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          size: 2,
          digest: await putBlob(repository, Buffer.from('{}')),
        }
      : undefined;
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, ...content }));
  const digest = digestOf(body);
  await ok(`${repository.origin}/v2/${repository.name}/manifests/${tag ?? digest}`, {
    method: 'PUT',
    body,
    headers: { 'content-type': mediaType },
  });
  return digest;
}

export async function putBlob({ origin, name }: Repository, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes);
  const begun = await ok(`${origin}/v2/${name}/blobs/uploads/`, { method: 'POST' });
  const place = new URL(begun.headers.get('location') ?? '', origin);
  place.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await ok(place.href, { method: 'PUT', body: bytes, headers });
  return digest;
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function ok(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${init.method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
