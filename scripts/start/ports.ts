// Free TCP ports. A port that was free can be taken a moment later: whoever uses it still has to report a failure.
import { createServer } from 'node:net';

/** The wished port if nothing listens there, else any other. 0 wishes for any. */
export async function freePort(wished: number): Promise<number> {
  if (wished !== 0 && (await listens(wished, '127.0.0.1')) !== null && (await listens(wished, '0.0.0.0')) !== null) {
    return wished;
  }
  const any = await listens(0, '127.0.0.1');
  if (any === null) throw new Error('This machine has no free TCP port.');
  return any;
}

/** null: taken. */
function listens(port: number, host: string): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : null));
    });
  });
}
