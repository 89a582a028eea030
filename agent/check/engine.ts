// Does the Engine answer, and in a version that is spoken?
import { HoldfastError } from '../../fleet/error.ts';
import type { Engine } from '../docker/engine.ts';
import { codeOf } from '../files/confined.ts';
import type { Finding } from './check.ts';

const START = 'Start it (systemctl start docker), or set docker.socket to where it listens.';
const BY_CAUSE: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  ENOENT: ['there is no such socket', START],
  ECONNREFUSED: ['nothing listens there', START],
  EACCES: ['this user may not use the socket', 'Run the agent as root, or as a user of the group "docker".'],
  ENOTSOCK: ['it is no socket', 'Set docker.socket to where the Engine listens.'],
};

export async function checkEngine(
  { socket, engine }: { readonly socket: string; readonly engine: Pick<Engine, 'info'> },
  signal: AbortSignal,
): Promise<Finding> {
  const subject = 'engine';
  try {
    const { version, apiVersion, os, arch } = await engine.info(signal);
    const message = `Docker ${version} answers at ${socket}, API ${apiVersion}, ${os}/${arch}`;
    return { subject, verdict: 'ok', message, remedy: null };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const known = BY_CAUSE[codeOf(error.cause)];
    if (known === undefined) return { subject, verdict: 'failed', message: error.message, remedy: remedyOf(error) };
    return { subject, verdict: 'failed', message: `no Engine answers at ${socket}: ${known[0]}`, remedy: known[1] };
  }
}

/** A refusal says itself which side to upgrade. */
function remedyOf({ code }: HoldfastError): string | null {
  return code === 'DockerUnavailable' ? 'Look at the Engine: systemctl status docker, journalctl -u docker.' : null;
}
