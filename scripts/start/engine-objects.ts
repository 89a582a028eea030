// What one device created on an Engine, found by its label: listed, and removed when the demo ends.
// Never touches anything without that label.
import { LABEL } from '../../fleet/names.ts';
import { request } from '../engine/socket.ts';

export interface EngineObject {
  readonly kind: 'container' | 'network' | 'volume';
  /** What the Engine calls it by. */
  readonly id: string;
  readonly name: string;
}

const ROUNDS = 3;

export async function listObjects(socket: string, device: string): Promise<readonly EngineObject[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.device}=${device}`] }));
  const containers = await list(socket, `/containers/json?all=1&filters=${filters}`);
  const networks = await list(socket, `/networks?filters=${filters}`);
  const volumes = await list(socket, `/volumes?filters=${filters}`, 'Volumes');
  return [
    ...containers.map((found) => object('container', text(found.Id), containerName(found))),
    ...networks.map((found) => object('network', text(found.Id), text(found.Name))),
    ...volumes.map((found) => object('volume', text(found.Name), text(found.Name))),
  ];
}

/** Containers first, then what they used. Throws with the names of what the Engine would not let go. */
export async function removeObjects(socket: string, device: string): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const { kind, id } of await listObjects(socket, device)) {
      await request({ socket, method: 'DELETE', path: `/${kind}s/${encodeURIComponent(id)}${QUERY[kind]}` });
    }
  }
  const left = await listObjects(socket, device);
  if (left.length > 0) {
    throw new Error(`The Engine still holds ${left.map(({ kind, name }) => `${kind} ${name}`).join(', ')}.`);
  }
}

export async function hasImage(socket: string, image: string): Promise<boolean> {
  const { status } = await request({ socket, path: `/images/${encodeURIComponent(image)}/json` });
  return status === 200;
}

/** An image that something else uses by now stays: it is no longer only the demo's. */
export async function removeImage(socket: string, image: string): Promise<void> {
  await request({ socket, method: 'DELETE', path: `/images/${encodeURIComponent(image)}` });
}

const QUERY = { container: '?force=1&v=1', network: '', volume: '?force=1' } as const;

type Fields = Readonly<Record<string, unknown>>;

async function list(socket: string, path: string, key?: string): Promise<readonly Fields[]> {
  const { status, text: answer } = await request({ socket, path });
  if (status !== 200) throw new Error(`The Engine answered ${status} to GET ${path}.`);
  const body: unknown = JSON.parse(answer);
  const found = key === undefined ? body : (body as Fields | null)?.[key];
  return Array.isArray(found) ? (found as Fields[]) : [];
}

function object(kind: EngineObject['kind'], id: string, name: string): EngineObject {
  return { kind, id, name };
}

function containerName(found: Fields): string {
  const names = found.Names;
  return Array.isArray(names) ? text(names[0]).replace(/^\//, '') : '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
