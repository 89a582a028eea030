// A small TCP proxy that spoils the way back: cuts it after some bytes, drips it, or never answers.

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Chaos {
  /** Cut the connection after this many bytes of answers. */
  cutAfter?: number;
  /** Send one byte each so many milliseconds. */
  dripMs?: number;
  /** Accept and never answer. */
  silent?: boolean;
}

export interface ChaosProxy {
  readonly url: string;
  chaos: Chaos;
  /** Bytes of answers that came through, and connections accepted. */
  readonly seen: { bytes: number; connections: number };
}

export async function startChaosProxy(toPort: number, chaos: Chaos = {}): Promise<ChaosProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    proxy.seen.connections++;
    const upstream = connect(toPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => destroyBoth());
      socket.on('close', () => destroyBoth());
    }
    const destroyBoth = (): void => {
      client.destroy();
      upstream.destroy();
    };
    client.pipe(upstream);
    let sent = 0;
    upstream.on('data', (chunk: Buffer) => {
      const { cutAfter, dripMs, silent } = proxy.chaos;
      if (silent === true) return;
      if (dripMs !== undefined) return drip(upstream, client, chunk, dripMs);
      const room = cutAfter === undefined ? chunk.length : Math.max(0, cutAfter - sent);
      const part = chunk.subarray(0, room);
      sent += part.length;
      proxy.seen.bytes += part.length;
      client.write(part);
      if (part.length < chunk.length) client.end(() => client.resetAndDestroy());
    });
    upstream.on('end', () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const proxy: ChaosProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    chaos,
    seen: { bytes: 0, connections: 0 },
  };
  return proxy;
}

function drip(from: Socket, to: Socket, chunk: Buffer, dripMs: number): void {
  from.pause();
  let at = 0;
  const timer = setInterval(() => {
    to.write(chunk.subarray(at, at + 1));
    at++;
    if (at < chunk.length) return;
    clearInterval(timer);
    from.resume();
  }, dripMs);
  to.on('close', () => clearInterval(timer));
}
