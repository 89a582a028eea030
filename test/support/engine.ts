// The real Engine as tests see it: plain HTTP over its socket, independent of the agent's code.
import { inject } from 'vitest';
import { request } from '../../scripts/engine/socket.ts';
import './suite-engine.ts';

/** Socket of this worker's private Engine; scenario tests only. */
export function engineSocket(): string {
  const socket = inject('engineSockets')[Number(process.env.VITEST_POOL_ID) - 1];
  if (socket === undefined) throw new Error(`there is no Engine for worker ${process.env.VITEST_POOL_ID}`);
  return socket;
}

/** JSON as tests walk through it when they name no type. */
export interface Json {
  readonly [key: string]: Json;
}

export interface DockerAnswer<T> {
  readonly status: number;
  /** Parsed JSON, or the text when it is not JSON. A test knows what it asked for and names the type. */
  readonly body: T;
}

export interface DockerOptions {
  readonly socket?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call to the Engine. Any status is an answer. */
export async function docker<T = Json>(
  method: string,
  path: string,
  body?: object,
  { socket = engineSocket(), headers = {} }: DockerOptions = {},
): Promise<DockerAnswer<T>> {
  const { status, text } = await request({ socket, method, path, headers, ...(body === undefined ? {} : { body }) });
  return { status, body: parse(text) as T };
}

/** Like `docker`, for set-up: an answer that is not a success ends the test with the Engine's words. */
export async function dockerOk<T = Json>(
  method: string,
  path: string,
  body?: object,
  options: DockerOptions = {},
): Promise<T> {
  const answer = await docker<T>(method, path, body, options);
  if (answer.status < 400) return answer.body;
  throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Removes every container, network and volume with the device's label. */
export async function cleanup(device: string, options: DockerOptions = {}): Promise<void> {
  const query = (extra = ''): string =>
    `?${extra}filters=${encodeURIComponent(JSON.stringify({ label: [`io.holdfast.device=${device}`] }))}`;
  const containers = await dockerOk<{ Id: string }[]>('GET', `/containers/json${query('all=1&')}`, undefined, options);
  await Promise.all(containers.map(({ Id }) => docker('DELETE', `/containers/${Id}?force=1&v=1`, undefined, options)));
  const networks = await dockerOk<{ Id: string }[]>('GET', `/networks${query()}`, undefined, options);
  await Promise.all(networks.map(({ Id }) => docker('DELETE', `/networks/${Id}`, undefined, options)));
  const volumes = await dockerOk<{ Volumes: { Name: string }[] | null }>(
    'GET',
    `/volumes${query()}`,
    undefined,
    options,
  );
  for (const { Name } of volumes.Volumes ?? []) await docker('DELETE', `/volumes/${Name}?force=1`, undefined, options);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // Plain text, a stream of lines, or nothing.
  }
}
