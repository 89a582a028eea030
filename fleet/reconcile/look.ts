// What has to be looked at to reconcile a desired state: names and references beyond what carries the device's label.
import type { Desired, DesiredApp } from '../model/desired.ts';
import type { InventoryItem } from '../model/inventory.ts';
import type { Content, LiveContent, Mount } from '../model/mount.ts';
import type { Service } from '../model/service.ts';
import { isLive, liveMounts, livePlace, TURNS } from './attributes/live.ts';
import { outsiders } from './attributes/reference.ts';

export interface LookFor {
  readonly containerNames: readonly string[];
  readonly networkNames: readonly string[];
  readonly volumeNames: readonly string[];
  readonly images: readonly string[];
  readonly contents: readonly Content[];
  /** At places that stay as their bytes change, both of each mount. */
  readonly live: readonly LiveContent[];
}

export function lookFor(desired: Pick<Desired, 'apps'>, inventory: readonly InventoryItem[]): LookFor {
  const services = desired.apps.flatMap((app) => app.services);
  const listed = (kind: InventoryItem['kind']) =>
    inventory.filter((item) => item.kind === kind).map(({ name }) => name);
  const mounts = services.flatMap((service) => service.mounts);
  const contents = new Map<string, Content>();
  for (const service of services) {
    for (const mount of service.mounts)
      if (mount.type === 'content' && !isLive(service, mount)) contents.set(mount.content.id, mount.content);
  }
  const unique = (names: readonly string[]) => [...new Set(names)];
  return {
    containerNames: unique([
      ...services.map((service) => service.container_name),
      ...services.flatMap((service) => outsiders(service).map(({ name }) => name)),
    ]),
    networkNames: unique([
      ...desired.apps.flatMap((app) => app.networks.map(({ name }) => name)),
      ...listed('network'),
    ]),
    volumeNames: unique([...desired.apps.flatMap((app) => app.volumes.map(({ name }) => name)), ...listed('volume')]),
    images: unique([...services.map(({ image }) => image), ...mounts.flatMap(imageOf)]),
    contents: [...contents.values()],
    live: desired.apps.flatMap((app) => app.services.flatMap((service) => liveContents(app, service))),
  };
}

function liveContents(app: DesiredApp, service: Service): LiveContent[] {
  return liveMounts(service).flatMap((mount) =>
    TURNS.map((turn) => ({ place: livePlace(app, service, mount, turn), content: mount.content })),
  );
}

function imageOf(mount: Mount): readonly string[] {
  return mount.type === 'image' ? [mount.source] : [];
}
