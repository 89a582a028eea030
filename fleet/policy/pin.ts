// Images that were verified by their digest are run by it: between the look and the pull, a tag may move.
import type { Desired, DesiredApp } from '../model/desired.ts';
import type { Mount } from '../model/mount.ts';
import type { Service } from '../model/service.ts';

/** By the reference in the file: the digest that was verified. */
export type Pins = ReadonlyMap<string, string>;

/** `nginx:1.27` → `nginx:1.27@sha256:…`; the Engine goes by the digest. What has one already stays as it is. */
export function pinned(reference: string, digest: string): string {
  return reference.includes('@') ? reference : `${reference}@${digest}`;
}

export function pinImages(desired: Desired, pins: Pins): Desired {
  if (pins.size === 0) return desired;
  const image = (reference: string): string => {
    const digest = pins.get(reference);
    return digest === undefined ? reference : pinned(reference, digest);
  };
  const mount = (given: Mount): Mount => (given.type === 'image' ? { ...given, source: image(given.source) } : given);
  const service = (given: Service): Service => ({
    ...given,
    image: image(given.image),
    mounts: given.mounts.map(mount),
  });
  const app = (given: DesiredApp): DesiredApp => ({ ...given, services: given.services.map(service) });
  return { ...desired, apps: desired.apps.map(app) };
}

/** The digests to which a desired state has pinned what its file names by tag. */
export function pinsOf(desired: Desired): Pins {
  const services = desired.apps.flatMap((app) => app.services);
  const mounted = services.flatMap(({ mounts }) =>
    mounts.flatMap((each) => (each.type === 'image' ? [each.source] : [])),
  );
  const images = [...services.map(({ image }) => image), ...mounted];
  return new Map(
    images.flatMap((image) => {
      const at = image.indexOf('@');
      return at < 0 ? [] : [[image.slice(0, at), image.slice(at + 1)] as const];
    }),
  );
}
