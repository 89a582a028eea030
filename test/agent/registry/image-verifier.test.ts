// Signatures in a real registry, as cosign puts them there.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageVerifier, VERIFIED_CAP } from '../../../agent/registry/image-verifier.ts';
import type { VerifiedImage } from '../../../agent/store/store.ts';
import type { Ask } from '../../../fleet/model/ask.ts';
import type { Pins } from '../../../fleet/policy/pin.ts';
import {
  makeKey,
  payloadOf,
  putBundle,
  putManifest,
  putSignatures,
  type Repository,
  type SigningKey,
  signImage,
} from '../../support/cosign.ts';
import { freePort, type TemporaryFolder, temporaryFolder, uniqueId } from '../../support/machine.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

const signal = new AbortController().signal;
const trusted = makeKey();
const stranger = makeKey();
let registry: Registry;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  registry = await startRegistry();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** An image of its own, tagged `1`. */
async function image(): Promise<{ repository: Repository; reference: string; digest: string }> {
  const repository = { origin: `http://${registry.address}`, name: `shop/${uniqueId('image')}` };
  const digest = await putManifest(repository, '1', { layers: [], annotations: { name: repository.name } });
  return { repository, reference: `${registry.address}/${repository.name}:1`, digest };
}

function ask(reference: string): Ask {
  const place = { file: 'compose.yaml', line: 3, column: 12 };
  return { kind: 'image', app: 'kiosk', service: 'web', key: 'services.web.image', reference, place };
}

/** A verifier that trusts the keys; `remembered` is what it keeps. */
async function verifier(keys: readonly SigningKey[], remembered: VerifiedImage[] = []) {
  const files = keys.map((_, index) => join(folder.path, `${uniqueId('key')}-${index}.pub`));
  await Promise.all(files.map((file, index) => writeFile(file, keys[index]?.pem ?? '')));
  const images = createImageVerifier({
    rules: { cosign_keys: files },
    memory: {
      verifiedImages: () => remembered,
      putVerifiedImages: (all) => void remembered.splice(0, remembered.length, ...all),
    },
    env: {},
    certificates: join(folder.path, 'certs.d'),
  });
  return (reference: string, known: Pins = new Map()) => images.verify([ask(reference)], known, signal);
}

describe('a signed image', () => {
  it.each(['ec', 'ed25519', 'rsa'] as const)('is let in when a trusted key has signed it: %s', async (kind) => {
    const key = makeKey(kind);
    const { repository, reference, digest } = await image();
    await signImage(repository, digest, key);
    const verify = await verifier([stranger, key]);
    expect(await verify(reference)).toEqual(new Map([[reference, digest]]));
    expect(await verify(`${reference}@${digest}`)).toEqual(new Map([[`${reference}@${digest}`, digest]]));
  });

  it('may have other signatures besides', async () => {
    const { repository, reference, digest } = await image();
    const payload = payloadOf(repository, digest);
    await putSignatures(repository, digest, [
      { payload, signature: stranger.sign(payload) },
      { payload, signature: Buffer.from('nonsense') },
      { payload, signature: trusted.sign(payload) },
    ]);
    expect((await (await verifier([trusted]))(reference)).size).toBe(1);
  });

  it('is let in by a bundle of cosign 3', async () => {
    const { repository, reference, digest } = await image();
    await putBundle(repository, digest, trusted);
    expect((await (await verifier([trusted]))(reference)).get(reference)).toBe(digest);
  });

  it('is not asked for again: a start without a network takes nothing down', async () => {
    const remembered: VerifiedImage[] = [];
    const { repository, reference, digest } = await image();
    await signImage(repository, digest, trusted);
    await (await verifier([trusted], remembered))(reference);
    expect(remembered).toEqual([
      { repository: reference.replace(/:1$/, ''), digest, key: expect.stringMatching(/^SHA256:/) },
    ]);
    const away = reference.replace(registry.address, `127.0.0.1:${await freePort()}`);
    const moved = remembered.map((each) => ({ ...each, repository: away.replace(/:1$/, '') }));
    const offline = await verifier([trusted], moved);
    expect((await offline(`${away}@${digest}`)).size).toBe(1);
    expect((await offline(away, new Map([[away, digest]]))).get(away)).toBe(digest);
    const other = await verifier([stranger], moved);
    await expect(other(`${away}@${digest}`), 'a key that is trusted no more').rejects.toMatchObject({
      code: 'ImagePullFailed',
    });
  });

  it('keeps the digest that its tag had when the revision was accepted', async () => {
    const { repository, reference, digest } = await image();
    await signImage(repository, digest, trusted);
    const verify = await verifier([trusted]);
    const pins = await verify(reference);
    await putManifest(repository, '1', { layers: [], annotations: { moved: 'yes' } });
    expect(await verify(reference, pins)).toEqual(pins);
    await expect(verify(reference), 'of another revision the tag is looked up anew').rejects.toMatchObject({
      code: 'VerificationError',
    });
  });

  it('is forgotten after many others', async () => {
    const remembered = Array.from({ length: VERIFIED_CAP }, (_, n) => ({ repository: 'r', digest: `d${n}`, key: 'k' }));
    const { repository, reference, digest } = await image();
    await signImage(repository, digest, trusted);
    await (await verifier([trusted], remembered))(reference);
    expect(remembered).toHaveLength(VERIFIED_CAP);
    expect(remembered.at(-1)?.digest).toBe(digest);
    expect(remembered.at(0)?.digest).toBe('d1');
  });
});

describe('an image is refused', () => {
  async function refusal(
    prepare: (given: { repository: Repository; digest: string }) => Promise<unknown>,
  ): Promise<string> {
    const given = await image();
    await prepare(given);
    const error: unknown = await (await verifier([trusted]))(given.reference).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'VerificationError' });
    return (error as Error).message;
  }

  it('that is not signed, with its place and what to do', async () => {
    const said = await refusal(async () => undefined);
    expect(said).toMatch(
      /^compose\.yaml:3:12: services\.web\.image: kiosk\/web runs the image \S+:1, whose signature cannot be shown: it is not signed: there is no signature at \S+:sha256-[0-9a-f]{64}\.sig\n {4}sign it with "cosign sign --key", or add the key/,
    );
  });

  it('that somebody else has signed', async () => {
    const said = await refusal(({ repository, digest }) => signImage(repository, digest, stranger));
    expect(said).toContain('signed, but by no key of policy.images.cosign_keys');
  });

  it('whose signature is for another image', async () => {
    const said = await refusal(({ repository, digest }) => {
      const payload = payloadOf(repository, `sha256:${'0'.repeat(64)}`);
      return putSignatures(repository, digest, [{ payload, signature: trusted.sign(payload) }]);
    });
    expect(said).toContain('its signature is for another image');
  });

  it('that was signed under another name: a registry cannot pass one image off as another', async () => {
    const said = await refusal(({ repository, digest }) => {
      const payload = payloadOf(repository, digest, 'registry.example.com/shop/till');
      return putSignatures(repository, digest, [{ payload, signature: trusted.sign(payload) }]);
    });
    expect(said).toContain('it was signed as registry.example.com/shop/till, and not as');
  });

  it('whose payload was changed after it was signed', async () => {
    const said = await refusal(({ repository, digest }) => {
      const payload = payloadOf(repository, digest);
      const signature = trusted.sign(Buffer.concat([payload, Buffer.from(' ')]));
      return putSignatures(repository, digest, [{ payload, signature }]);
    });
    expect(said).toContain('by no key of');
  });

  it.each(['not JSON', '{}', '{"critical":{"image":{}}}', 'null'])(
    'whose signed payload says nothing: %s',
    async (text) => {
      const said = await refusal(({ repository, digest }) => {
        const payload = Buffer.from(text);
        return putSignatures(repository, digest, [{ payload, signature: trusted.sign(payload) }]);
      });
      expect(said).toContain('no statement of cosign');
    },
  );

  it('of which a trusted key has only attested something', async () => {
    const said = await refusal(({ repository, digest }) =>
      putBundle(repository, digest, trusted, 'https://slsa.dev/provenance/v1'),
    );
    expect(said).toContain('it is not signed');
  });

  it('whose bundle somebody else has signed', async () => {
    const said = await refusal(({ repository, digest }) => putBundle(repository, digest, stranger));
    expect(said).toContain('by no key of');
  });

  it('that is no image of a registry', async () => {
    await expect((await verifier([trusted]))(`sha256:${'a'.repeat(64)}`)).rejects.toMatchObject({
      code: 'VerificationError',
      message: expect.stringContaining('it is no image of a registry'),
    });
  });
});

describe('it may work later', () => {
  it('when the registry is away', async () => {
    await expect((await verifier([trusted]))(`127.0.0.1:${await freePort()}/shop/web:1`)).rejects.toMatchObject({
      code: 'ImagePullFailed',
      message: expect.stringMatching(/compose\.yaml:3:12: .*nothing listens there.*\n.*what runs goes on running/),
    });
  });

  it('when there is no such tag yet', async () => {
    await expect((await verifier([trusted]))(`${registry.address}/shop/absent:1`)).rejects.toMatchObject({
      code: 'ImagePullFailed',
      message: expect.stringContaining('the registry has no such image'),
    });
  });
});

it.each([
  ['', /holds no PEM public key/],
  ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /its key is damaged/],
])('a key file that cannot be used trusts nobody, and is named: %j', async (pem, said) => {
  const verify = await verifier([{ ...trusted, pem }]);
  await expect(verify('nginx')).rejects.toMatchObject({
    code: 'VerificationError',
    message: expect.stringMatching(said),
  });
});
