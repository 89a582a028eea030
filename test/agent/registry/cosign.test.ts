// What a registry sends is anybody's: whatever it is, it is read without a throw, and never taken for a signature.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenge } from '../../../agent/registry/challenge.ts';
import {
  bundleBlob,
  bundleManifests,
  judgeBundle,
  judgePayload,
  MAX_SIGNATURES,
  signatureLayers,
} from '../../../agent/registry/cosign.ts';
import type { TrustedKey } from '../../../agent/registry/keys.ts';

const SUBJECT = { repository: 'docker.io/library/nginx', digest: `sha256:${'a'.repeat(64)}` };
/** Whoever holds a trusted key may have signed anything. */
const SIGNS_ALL: TrustedKey = { id: 'k', fits: () => true };

const json = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)));
const shaped = fc
  .record(
    {
      layers: fc.anything(),
      manifests: fc.anything(),
      critical: fc.record(
        { identity: fc.dictionary(fc.constant('docker-reference'), fc.anything()), image: fc.anything() },
        { requiredKeys: [] },
      ),
      dsseEnvelope: fc.record({ payload: fc.string(), payloadType: fc.string(), signatures: fc.array(fc.anything()) }),
    },
    { requiredKeys: [] },
  )
  .map((value) => Buffer.from(safely(value)));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((given) => Buffer.from(given)),
  json,
  shaped,
);

function safely(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '{}'; // What JSON cannot hold cannot come either.
  }
}

describe('what a registry sends', () => {
  it('never throws, and counts for nothing unless it says so', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        signatureLayers(given);
        bundleManifests(given);
        bundleBlob(given);
        expect(judgePayload(given, given, [SIGNS_ALL], SUBJECT)).toHaveProperty('why');
        expect(judgeBundle(given, [SIGNS_ALL], SUBJECT) ?? { why: '' }).toHaveProperty('why');
      }),
      { numRuns: 500 },
    );
  });

  it('is looked at up to a bound', () => {
    const digest = SUBJECT.digest;
    const layer = { digest, annotations: { 'dev.cosignproject.cosign/signature': 'AAAA' } };
    const layers = Array.from({ length: MAX_SIGNATURES * 3 }, () => layer);
    expect(signatureLayers(Buffer.from(JSON.stringify({ layers })))).toHaveLength(MAX_SIGNATURES);
    const artifactType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
    const manifests = Array.from({ length: MAX_SIGNATURES * 3 }, () => ({ digest, artifactType }));
    expect(bundleManifests(Buffer.from(JSON.stringify({ manifests })))).toHaveLength(MAX_SIGNATURES);
  });

  it('as a challenge is read in bounded time', () => {
    fc.assert(fc.property(fc.string({ maxLength: 2000 }), (header) => void parseChallenge(header)));
    const startedMs = performance.now();
    parseChallenge(`Bearer ${'a '.repeat(1_000_000)}`);
    parseChallenge(`Bearer ${'a="'.repeat(1_000_000)}`);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
