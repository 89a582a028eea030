// Puts the agent's parts together from its configuration. The only place that knows every implementation.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentConfig } from '../fleet/config/agent.ts';
import { HoldfastError } from '../fleet/error.ts';
import type { HostPaths } from '../fleet/reconcile/attribute.ts';
import { VERSION } from '../fleet/version.ts';
import { createEngine } from './docker/create-engine.ts';
import { createContentStore } from './files/create-content-store.ts';
import { createSource } from './git/create-source.ts';
import { createClock } from './host/clock.ts';
import { createHostProbe } from './host/facts.ts';
import { createInbox } from './inbox/inbox.ts';
import { keptCommits } from './loop/kept.ts';
import type { Log, Parts } from './loop/parts.ts';
import { createReporter } from './mqtt/create-reporter.ts';
import { createSilentReporter } from './mqtt/silent-reporter.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import { createVerifier } from './trust/create-verifier.ts';
import type { Verifier } from './trust/verifier.ts';

/** Opens the state directory; a second agent on it throws `StateUnavailable`. Close `store` when done. */
export async function assemble(config: AgentConfig, log: Log): Promise<Parts> {
  const { state_dir: stateDir, device, fleet } = config;
  await mkdir(stateDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new HoldfastError('StateUnavailable', `state_dir ${stateDir} cannot be made: ${String(error)}`, {
      cause: error,
    });
  });
  const store = openStore({ stateDir });
  if (store.setAside !== null)
    log('error', `the state file was corrupt and was set aside as ${store.setAside}; starting with an empty inventory`);
  const now = () => new Date();
  const reporter =
    config.mqtt === undefined
      ? createSilentReporter()
      : createReporter({ config: config.mqtt, fleet, device, identity: store.identity, store, now, log });
  return {
    config,
    paths: hostPaths(config),
    source: sourceOf(config, stateDir, store),
    inbox: createInbox(stateDir),
    verifier: verifierOf(config),
    engine: engineOf(config, log),
    content: createContentStore({ stateDir }),
    store,
    reporter,
    hostFacts: createHostProbe({ stateDir }).facts,
    clockSynced: createClock().synced,
    now,
    monotonicMs: () => performance.now(),
    random: Math.random,
    version: VERSION,
    log,
  };
}

export function hostPaths({ state_dir }: AgentConfig): HostPaths {
  return { content: join(state_dir, 'content'), data: join(state_dir, 'volumes') };
}

export function engineOf(config: AgentConfig, log: Log) {
  return createEngine({ socket: config.docker.socket, log: (message, fields) => log('info', message, fields) });
}

export function sourceOf(
  { source, limits }: AgentConfig,
  stateDir: string,
  store?: Pick<Store, 'snapshot' | 'applied'>,
) {
  return createSource({
    url: source.url,
    ref: source.ref,
    ...(source.auth === undefined ? {} : { auth: source.auth }),
    caFile: source.ca_file,
    certFile: source.cert_file,
    keyFile: source.key_file,
    allowHttp: source.allow_http,
    timeoutMs: source.timeout,
    maxBytes: limits.source_bytes,
    stateDir,
    env: process.env,
    ...(store === undefined ? {} : { held: () => keptCommits(store) }),
  });
}

/** null: unsigned commits are accepted. */
export function verifierOf({ verify }: AgentConfig): Verifier | null {
  if (verify === undefined) return null;
  const { allowed_signers: allowedSigners, openpgp_keyring: openpgpKeyring } = verify;
  return createVerifier({
    ...(allowedSigners === undefined ? {} : { allowedSigners }),
    ...(openpgpKeyring === undefined ? {} : { openpgpKeyring }),
    now: () => new Date(),
  });
}
