// What pulls have to transfer: the layers of their images without those that the Engine has. An Engine has a layer only on top
// of the very layers below it. Pure.
import { createHash } from 'node:crypto';
import type { Layer } from '../registry/image-layers.ts';

/** The layers of images on the host, each with all below it. */
export function heldChains(images: readonly (readonly string[])[]): ReadonlySet<string> {
  const held = new Set<string>();
  for (const diffIds of images) {
    let chain = '';
    for (const diffId of diffIds) {
      chain = onTopOf(chain, diffId);
      held.add(chain);
    }
  }
  return held;
}

/** Bytes for each image, in order, given that those before it were pulled; null where the image is null: its layers are not known. */
export function transfers(
  images: readonly (readonly Layer[] | null)[],
  held: ReadonlySet<string>,
): readonly (number | null)[] {
  const coming = new Set<string>();
  return images.map((layers) => {
    if (layers === null) return null;
    let chain = '';
    let bytes = 0;
    for (const layer of layers) {
      chain = onTopOf(chain, layer.diffId);
      if (held.has(chain) || coming.has(layer.digest)) continue;
      coming.add(layer.digest);
      bytes += layer.bytes;
    }
    return bytes;
  });
}

/** As the OCI image specification names a stack of layers, in short. */
function onTopOf(chain: string, diffId: string): string {
  return createHash('sha256').update(`${chain} ${diffId}`).digest('base64');
}
