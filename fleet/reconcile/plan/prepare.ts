// What has to be on the host before a container is created: its image, content, data folders, networks, volumes.
import type { DesiredApp } from '../../model/desired.ts';
import type { Service } from '../../model/service.ts';
import type { Declaration } from '../attribute.ts';
import { isLive, livePlace } from '../attributes/live.ts';
import { isForPlatform } from '../attributes/surroundings.ts';
import { frameOf } from './frame.ts';
import type { NetworkSteps } from './networks.ts';
import type { Scope } from './scope.ts';
import { platformOf } from './steps.ts';
import type { VolumeSteps } from './volumes.ts';

/** Ids of the steps that the creation has to wait for. */
export function prepare(
  scope: Scope,
  { app, service, turn = 0 }: Declaration,
  steps: { readonly networks: NetworkSteps; readonly volumes: VolumeSteps },
  { cause, changed }: { readonly cause: string /** Git moved, rather than the host. */; readonly changed: boolean },
): string[] {
  const { draft, observed } = scope;
  const frame = frameOf(app, service);
  const waits: (string | undefined)[] = Object.keys(service.networks).map((key) => steps.networks.ready(key));
  const present = observed.images.get(service.image);
  const absent = present === undefined || !isForPlatform(present, service.platform);
  // What drifted is put back from what is on the host: the registry may be out of reach just then.
  if (service.pull_policy === 'always' ? absent || changed : absent && service.pull_policy === 'missing') {
    const what = present === undefined ? '' : ` for ${service.platform}`;
    const why = absent ? `image ${service.image}${what} is not on this host` : 'pull_policy: always';
    waits.push(pullImage(scope, app, service, why));
  }
  for (const mount of service.mounts) {
    if (mount.type === 'volume' && mount.source !== null) waits.push(steps.volumes.get(mount.source));
    if (mount.type === 'image' && !observed.images.has(mount.source)) {
      const why = `image ${mount.source} is not on this host`;
      const pull = { kind: 'pull-image', image: mount.source } as const;
      waits.push(draft.add(pull, { ...frame, subject: mount.source, cause: why }));
    }
    if (mount.type === 'data') {
      const own = `${app.name}/${mount.source}`;
      // A file is the owner's to put there; where it belongs is made.
      const path = mount.file === true ? own.slice(0, own.lastIndexOf('/')) : own;
      waits.push(draft.add({ kind: 'make-data-folder', path }, { ...frame, subject: path, cause }));
    }
    if (mount.type === 'content' && isLive(service, mount)) {
      const place = livePlace(app, service, mount, turn);
      if (observed.content.get(place)?.kind === 'intact') continue;
      const { content } = mount;
      const why = `${content.path} at ${content.id.slice(0, 8)}`;
      const step = { kind: 'write-live', way: 'first', place, content } as const;
      waits.push(draft.add(step, { ...frame, cause: why, detail: place }));
    } else if (mount.type === 'content' && observed.content.get(mount.content.id)?.kind !== 'intact') {
      const { content } = mount;
      waits.push(
        draft.add(
          { kind: 'write-content', content },
          { ...frame, cause: `${content.path} at ${content.id.slice(0, 8)}`, detail: content.id },
        ),
      );
    }
  }
  return waits.filter((id) => id !== undefined);
}

/** A tag that moved, where the file asks for the newest: what it names comes to the host, and the next plan compares. */
export function pullMoved(scope: Scope, app: DesiredApp, service: Service): void {
  if (service.pull_policy !== 'always' || scope.observed.moved?.has(service.image) !== true) return;
  pullImage(scope, app, service, 'pull_policy: always, and its tag names another image now');
}

/**
 * The image of a replacement is still to come: pulls it, and says so. Whoever asked lets the old container run until it is here,
 * which a registry or a disk may put off for long.
 */
export function pullAhead(scope: Scope, app: DesiredApp, service: Service): boolean {
  if (service.pull_policy === 'never' || scope.observed.images.has(service.image)) return false;
  pullImage(scope, app, service, `image ${service.image} is not on this host`);
  return true;
}

function pullImage(scope: Scope, app: DesiredApp, service: Service, cause: string): string {
  const detail = service.platform === undefined ? {} : { detail: service.platform };
  return scope.draft.add(
    { kind: 'pull-image', image: service.image, ...platformOf(service) },
    { ...frameOf(app, service), subject: service.image, cause, ...detail },
  );
}
