// One look at the Engine: everything that carries this device's label or a wanted name, in one bounded parallel round.
// Reads only; must not decide what a difference means.
import type { ContainerInspect, EnginePlatform, ImageInspect, NetworkInspect } from '../../fleet/engine/inspect.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Observed, ObservedContainer } from '../../fleet/model/observed.ts';
import { LABEL } from '../../fleet/names.ts';
import { asContainer, asImage, asList, asNetwork, asRecord, asVolume, labelsOf, textField } from './answer.ts';
import type { Connection } from './connection.ts';
import type { Look } from './engine.ts';
import { refusal } from './failure.ts';
import type { WasStopped } from './past-events.ts';
import type { Log } from './pull.ts';

/** Calls that are under way at once. */
export const PARALLEL_CALLS = 8;

export async function observe(
  connection: Connection,
  look: Look,
  wasStopped: WasStopped,
  log: Log,
  signal: AbortSignal,
): Promise<Omit<Observed, 'content'>> {
  const engine = await connection.knownInfo(signal);
  const [containers, networks, volumes, wanted] = await Promise.all([
    observeContainers(connection, look, wasStopped, signal),
    listNetworks(connection, look, signal),
    listVolumes(connection, look, signal),
    inspectImages(connection, look.images, log, signal),
  ]);
  const images = new Map(wanted);
  for (const image of wanted.values()) images.set(image.Id, image);
  const others = containers.map(({ inspect }) => inspect.Image).filter((id) => !images.has(id));
  for (const [id, image] of await inspectImages(connection, others, log, signal)) images.set(id, image);
  return { engine, containers, networks, volumes, images };
}

async function observeContainers(
  connection: Connection,
  look: Look,
  wasStopped: WasStopped,
  signal: AbortSignal,
): Promise<ObservedContainer[]> {
  const listed = await listContainers(connection, look, signal);
  const observed = await mapBounded(listed, async ({ id, name }): Promise<ObservedContainer | null> => {
    const inspect = await inspectContainer(connection, id, signal, name);
    return inspect && { inspect, stoppedByRequest: await wasStopped(inspect, signal) };
  });
  return observed.filter((container) => container !== null);
}

/** By reference; what is not on the host, or what the Engine cannot tell about, is left out. */
async function inspectImages(
  connection: Connection,
  references: readonly string[],
  log: Log,
  signal: AbortSignal,
): Promise<Map<string, ImageInspect>> {
  const unique = [...new Set(references)];
  const found = await mapBounded(unique, (reference) =>
    inspectImage(connection, reference, signal).catch((error: unknown) => {
      if (!(error instanceof HoldfastError) || error.code !== 'DockerRefused') throw error;
      log(`image ${reference} is taken as absent: ${error.message}`, { image: reference });
      return null;
    }),
  );
  return new Map(
    unique.flatMap((reference, index): [string, ImageInspect][] => (found[index] ? [[reference, found[index]]] : [])),
  );
}

/** null: it is gone. */
export async function inspectContainer(
  connection: Connection,
  id: string,
  signal: AbortSignal,
  name = id,
): Promise<ContainerInspect | null> {
  const what = `inspect container ${name}`;
  const path = `/containers/${encodeURIComponent(id)}/json`;
  const answer = await connection.expect({ method: 'GET', path, what, signal }, [404]);
  return answer.status === 404 ? null : asContainer(answer.body, what);
}

/** null: it is not on the host. With a platform (API 1.49), what an image of several platforms has for that one. */
export async function inspectImage(
  connection: Connection,
  reference: string,
  signal: AbortSignal,
  platform?: EnginePlatform,
): Promise<ReturnType<typeof asImage> | null> {
  const what = `inspect image ${reference}`;
  const path = `/images/${imagePath(reference)}/json`;
  const query = platform === undefined ? {} : { platform: JSON.stringify(platform) };
  const answer = await connection.expect({ method: 'GET', path, query, what, signal }, [404]);
  return answer.status === 404 ? null : asImage(answer.body, what);
}

async function listContainers(
  connection: Connection,
  look: Look,
  signal: AbortSignal,
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  // The Engine's own name filter is a pattern, and an id prefix is as good as a name to its inspect call: compare here.
  const what = 'list containers';
  const answer = await connection.expect({
    method: 'GET',
    path: '/containers/json',
    query: { all: 'true' },
    what,
    signal,
  });
  const wanted = new Set(look.containerNames.map((name) => `/${name}`));
  return asList(answer.body, what)
    .map((item) => asRecord(item, what))
    .filter(
      (item) =>
        labelsOf(item.Labels, what)[LABEL.device] === look.device ||
        asList(item.Names ?? [], what).some((name) => typeof name === 'string' && wanted.has(name)),
    )
    .map((item) => {
      const id = textField(item, 'Id', what);
      const [name] = asList(item.Names ?? [], what);
      return { id, name: typeof name === 'string' ? name.replace(/^\//, '') : id };
    });
}

async function listNetworks(connection: Connection, look: Look, signal: AbortSignal): Promise<Observed['networks']> {
  const what = 'list networks';
  const answer = await connection.expect({ method: 'GET', path: '/networks', what, signal });
  const wanted = new Set(look.networkNames);
  const matched = asList(answer.body, what)
    .map((item) => asNetwork(item, what))
    .filter((network) => network.Labels?.[LABEL.device] === look.device || wanted.has(network.Name));
  // The list does not say what is connected.
  const inspected = await mapBounded(matched, ({ Id }) => inspectNetwork(connection, Id, signal));
  return inspected.filter((network) => network !== null);
}

/** null: it is gone. */
async function inspectNetwork(connection: Connection, id: string, signal: AbortSignal): Promise<NetworkInspect | null> {
  const what = `inspect network ${id}`;
  const answer = await connection.expect(
    { method: 'GET', path: `/networks/${encodeURIComponent(id)}`, what, signal },
    [404],
  );
  return answer.status === 404 ? null : asNetwork(answer.body, what);
}

async function listVolumes(connection: Connection, look: Look, signal: AbortSignal): Promise<Observed['volumes']> {
  const what = 'list volumes';
  const answer = await connection.expect({ method: 'GET', path: '/volumes', what, signal });
  if (answer.status !== 200) throw refusal(what, answer);
  const wanted = new Set(look.volumeNames);
  return asList(asRecord(answer.body, what).Volumes ?? [], what)
    .map((item) => asVolume(item, what))
    .filter((volume) => volume.Labels?.[LABEL.device] === look.device || wanted.has(volume.Name));
}

/** A reference with its slashes kept; a segment of dots cannot leave `/images/`. */
export function imagePath(reference: string): string {
  return reference
    .split('/')
    .map((segment) => (/^\.+$/.test(segment) ? segment.replaceAll('.', '%2E') : encodeURIComponent(segment)))
    .join('/');
}

/** Maps in order with at most `PARALLEL_CALLS` under way; the first failure ends it. */
export async function mapBounded<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_CALLS, items.length) }, lane));
  return results;
}
