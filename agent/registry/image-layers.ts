// What an image is made of, as its registry says: the layers for one platform, with the bytes that each takes on the wire.
// Source: OCI image specification 1.1 (index, manifest, configuration), which Docker's schema 2 is the same as here.
import { z } from 'zod';
import type { ImageReference } from '../../fleet/image-reference.ts';
import { jsonOf } from './digest.ts';
import type { Registry } from './registry.ts';

export interface Layer {
  readonly digest: string;
  /** Compressed. */
  readonly bytes: number;
  /** Digest of the unpacked layer, as the Engine names it. */
  readonly diffId: string;
}

export interface Platform {
  readonly os: string;
  readonly arch: string;
  readonly variant?: string | undefined;
}

/** Images have at most 127 layers. */
const MAX_LAYERS = 256;
const CONFIG_BYTES = 4 * 1024 * 1024;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const bytes = z.number().int().nonnegative();
const indexSchema = z.object({
  manifests: z
    .array(
      z.object({
        digest,
        platform: z
          .object({ os: z.string(), architecture: z.string(), variant: z.string().optional() })
          .optional()
          .catch(undefined),
      }),
    )
    .max(1024),
});
const manifestSchema = z.object({
  config: z.object({ digest }),
  layers: z.array(z.object({ digest, size: bytes })).max(MAX_LAYERS),
});
const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(digest).max(MAX_LAYERS) }) });

/** null: the registry has no such image, has it for other platforms only, or describes it in a way that is not known here. */
export async function layersOf(
  registry: Pick<Registry, 'manifest' | 'blob'>,
  { digest: pinned, tag = 'latest' }: Pick<ImageReference, 'digest' | 'tag'>,
  platform: Platform,
  signal: AbortSignal,
): Promise<readonly Layer[] | null> {
  let manifest = await registry.manifest(pinned ?? tag, signal);
  const chosen = manifest === null ? undefined : chooseManifest(jsonOf(manifest), platform);
  if (chosen !== undefined) manifest = await registry.manifest(chosen, signal);
  const described = manifest === null ? undefined : manifestSchema.safeParse(jsonOf(manifest)).data;
  if (described === undefined) return null;
  const config = await registry.blob(described.config.digest, CONFIG_BYTES, signal);
  const diffIds = config === null ? undefined : configSchema.safeParse(jsonOf(config)).data?.rootfs.diff_ids;
  if (diffIds?.length !== described.layers.length) return null;
  return described.layers.map((layer, index) => ({
    digest: layer.digest,
    bytes: layer.size,
    diffId: diffIds[index] ?? '',
  }));
}

/** The digest of what an index has for a platform; undefined: it is no index, or has nothing for it. */
export function chooseManifest(index: unknown, { os, arch, variant }: Platform): string | undefined {
  const fitting = indexSchema
    .safeParse(index)
    .data?.manifests.filter(({ platform }) => platform?.os === os && platform.architecture === arch);
  const exact = fitting?.find(({ platform }) => variant !== undefined && platform?.variant === variant);
  return (exact ?? fitting?.[0])?.digest;
}
