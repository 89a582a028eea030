// One device's containers as the Engine has them.
import type { ContainerInspect } from '../../fleet/engine/inspect.ts';
import { LABEL } from '../../fleet/names.ts';
import { type DockerOptions, docker, dockerOk } from './engine.ts';

/** By name without the slash: what `GET /containers/{id}/json` says. */
export async function containersOf(
  device: string,
  options: DockerOptions = {},
): Promise<ReadonlyMap<string, ContainerInspect>> {
  const filter = encodeURIComponent(JSON.stringify({ label: [`${LABEL.device}=${device}`] }));
  const listed = await dockerOk<{ Id: string }[]>(
    'GET',
    `/containers/json?all=true&filters=${filter}`,
    undefined,
    options,
  );
  const inspected = await Promise.all(
    listed.map(({ Id }) => docker<ContainerInspect>('GET', `/containers/${Id}/json`, undefined, options)),
  );
  return new Map(inspected.filter(({ status }) => status === 200).map(({ body }) => [body.Name.slice(1), body]));
}
