// Images on the host: which there are, which containers use, and removing a name of one. Never removes by force: what a container
// uses, and what has another name, stays.

import type { StepOf } from '../../fleet/model/plan.ts';
import { asImage, asList, asRecord, textField } from './answer.ts';
import type { Connection } from './connection.ts';
import { imagePath, inspectImage, mapBounded } from './observe.ts';
import { type PulledImage, type PullLimits, type PullOptions, pullImage } from './pull.ts';

export interface HostImage {
  readonly id: string;
  /** `nginx:1.27` */
  readonly tags: readonly string[];
  /** `nginx@sha256:…`, one for each repository that it is known to come from. */
  readonly digests: readonly string[];
}

export interface EngineImages {
  list(signal: AbortSignal): Promise<readonly HostImage[]>;
  /** Ids of the images that any container runs on, ours or not, running or not. */
  used(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Digests of the unpacked layers of all images on the host, the lowest of each first. */
  layers(signal: AbortSignal): Promise<readonly (readonly string[])[]>;
  /**
   * Takes one name of an image away, or an image that has none; what is not needed any more goes with the last. False: the name
   * means another image by now, or the Engine keeps it.
   */
  remove(name: string, id: string, signal: AbortSignal): Promise<boolean>;
  pull(
    step: Pick<StepOf<'pull-image'>, 'image' | 'platform'>,
    options: Pick<PullOptions, 'login' | 'onProgress'>,
    signal: AbortSignal,
  ): Promise<PulledImage>;
}

/** More images than this are not looked into. */
const LAYERS_OF = 512;
/** Removing a large image from slow storage takes its time. */
const REMOVE_MS = 300_000;

export function createImages(connection: Connection, limits: PullLimits, log: PullOptions['log']): EngineImages {
  const list = async (signal: AbortSignal): Promise<readonly HostImage[]> => {
    const what = 'list images';
    const answer = await connection.expect({ method: 'GET', path: '/images/json', what, signal });
    return asList(answer.body, what).map((item) => {
      const { Id, RepoTags, RepoDigests } = asImage(item, what);
      return { id: Id, tags: named(RepoTags), digests: named(RepoDigests) };
    });
  };
  return {
    list,
    async used(signal) {
      const what = 'list containers';
      const query = { all: 'true' };
      const answer = await connection.expect({ method: 'GET', path: '/containers/json', query, what, signal });
      return new Set(asList(answer.body, what).map((item) => textField(asRecord(item, what), 'ImageID', what)));
    },
    async layers(signal) {
      const images = (await list(signal)).slice(0, LAYERS_OF);
      const inspected = await mapBounded(images, ({ id }) => inspectImage(connection, id, signal));
      return inspected.map((image) => image?.RootFS?.Layers ?? []);
    },
    async remove(name, id, signal) {
      const named = await inspectImage(connection, name, signal);
      if (named === null) return true;
      if (named.Id !== id) return false;
      const call = { path: `/images/${imagePath(name)}`, what: `remove image ${name}`, deadlineMs: REMOVE_MS, signal };
      const answer = await connection.expect({ method: 'DELETE', ...call }, [404, 409]);
      return answer.status !== 409;
    },
    pull: (step, options, signal) => pullImage(connection, step, { ...options, limits, log }, signal),
  };
}

/** Older Engines write `<none>:<none>` where there is no name. */
function named(names: readonly string[] | null | undefined): readonly string[] {
  return (names ?? []).filter((name) => !name.startsWith('<none>'));
}
