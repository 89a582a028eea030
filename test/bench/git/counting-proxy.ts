// A TCP proxy on loopback that counts what passes: bytes both ways, headers included, and HTTP requests.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Counted {
  requests: number;
  /** Both ways, headers included. */
  bytes: number;
  /** To the device, headers included. */
  receivedBytes: number;
}

export interface CountingProxy {
  readonly url: string;
  /** What passed since the last call. */
  take(): Counted;
  close(): Promise<void>;
}

export async function startCountingProxy(toPort: number): Promise<CountingProxy> {
  let counted = nothing();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(toPort, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
      from.on('data', (chunk: Buffer) => {
        counted.bytes += chunk.length;
        if (from === upstream) counted.receivedBytes += chunk.length;
        if (from === client && /^(?:GET|POST) \S+ HTTP\/1\.1\r\n/.test(chunk.toString('latin1', 0, 400)))
          counted.requests++;
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = counted;
      counted = nothing();
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function nothing(): Counted {
  return { requests: 0, bytes: 0, receivedBytes: 0 };
}
