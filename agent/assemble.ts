// Puts the agent's parts together from its configuration. The only place that knows every implementation.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentConfig } from '../fleet/config/agent.ts';
import { HoldfastError } from '../fleet/error.ts';
import { hideDeep } from '../fleet/mask.ts';
import type { HostPaths } from '../fleet/reconcile/attribute.ts';
import { VERSION } from '../fleet/version.ts';
import { createEngine } from './docker/create-engine.ts';
import { createContentStore } from './files/create-content-store.ts';
import { isInMemory } from './files/memory.ts';
import { sweepUnfinished } from './files/write.ts';
import { createSource } from './git/create-source.ts';
import { createClock } from './host/clock.ts';
import { createHostProbe } from './host/facts.ts';
import { createImages } from './images/images.ts';
import { createInbox } from './inbox/inbox.ts';
import { keptCommits } from './loop/kept.ts';
import type { Log, Parts } from './loop/parts.ts';
import { createReporter } from './mqtt/create-reporter.ts';
import { createSilentReporter } from './mqtt/silent-reporter.ts';
import { createJudge, type Judge } from './policy/judge.ts';
import { createImageVerifier, type ImageVerifier, type VerifiedMemory } from './registry/image-verifier.ts';
import type { RegistryOptions } from './registry/registry.ts';
import { createSecrets } from './secrets/create-secrets.ts';
import { identityFilesOf } from './secrets/identity.ts';
import type { Secrets } from './secrets/secrets.ts';
import { openStore } from './store/open-store.ts';
import { readStore } from './store/read-store.ts';
import type { Store } from './store/store.ts';
import { createVerifier } from './trust/create-verifier.ts';
import type { Verifier } from './trust/verifier.ts';

/** Opens the state directory; a second agent on it throws `StateUnavailable`. Close `store` when done. */
export async function assemble(config: AgentConfig, plainLog: Log): Promise<Parts> {
  const { state_dir: stateDir, device, fleet } = config;
  await mkdir(stateDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new HoldfastError('StateUnavailable', `state_dir ${stateDir} cannot be made: ${String(error)}`, {
      cause: error,
    });
  });
  const store = openStore({ stateDir });
  const secrets = secretsOf(config, store.salt);
  const log = withoutSecrets(plainLog, secrets);
  const paths = hostPaths(config);
  if (store.setAside !== null)
    log('error', `the state file was corrupt and was set aside as ${store.setAside}; starting with an empty inventory`);
  if (identityFilesOf(config).length > 0 && !(await isInMemory(paths.secrets)))
    log('warn', `secrets that are mounted lie below ${paths.secrets}, which is on a disk: set runtime_dir to a tmpfs`);
  // What a crash left half written; a folder that is not there yet holds nothing.
  for (const folder of [paths.content, paths.secrets]) await sweepUnfinished(folder).catch(() => undefined);
  const now = () => new Date();
  const reporter =
    config.mqtt === undefined
      ? createSilentReporter()
      : createReporter({ config: config.mqtt, fleet, device, identity: store.identity, store, now, log });
  const engine = engineOf(config, log);
  return {
    config,
    paths,
    source: sourceOf(config, stateDir, store),
    inbox: createInbox(stateDir),
    verifier: verifierOf(config),
    judge: judgeOf(config, store),
    secrets,
    engine,
    images: createImages({
      images: engine.images,
      store,
      registries: registriesOf(config),
      stateDir,
      limits: config.limits,
      monotonicMs: () => performance.now(),
      random: Math.random,
      log,
    }),
    content: createContentStore({ stateDir, secretsDir: paths.secrets }),
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

/** Several agents may share a host, and its `/run`: each has the secrets of its own device only. */
export function hostPaths({ state_dir, runtime_dir, device }: AgentConfig): HostPaths {
  return {
    content: join(state_dir, 'content'),
    data: join(state_dir, 'volumes'),
    secrets: join(runtime_dir, device, 'secrets'),
  };
}

export function secretsOf(config: AgentConfig, salt: string): Secrets {
  return createSecrets({ identityFiles: identityFilesOf(config), salt });
}

function withoutSecrets(log: Log, { hide }: Secrets): Log {
  return (level, message, fields) =>
    log(level, hide(message), fields === undefined ? undefined : (hideDeep(fields, hide) as object));
}

export function engineOf(config: AgentConfig, log: Log) {
  return createEngine({ socket: config.docker.socket, log: (message, fields) => log('info', message, fields) });
}

export function sourceOf(
  { source, limits }: AgentConfig,
  stateDir: string,
  store?: Pick<Store, 'accepted' | 'rollout' | 'applied'>,
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

function judgeOf(config: AgentConfig, memory: VerifiedMemory): Judge {
  return createJudge(config, imageVerifierOf(config, memory));
}

/** For commands beside a running agent: what that has verified counts, and nothing is written. */
export function judgeBeside(config: AgentConfig): Judge {
  const store = readStore(config.state_dir);
  const verified = store?.verifiedImages() ?? [];
  store?.close();
  return judgeOf(config, { verifiedImages: () => verified, putVerifiedImages: () => undefined });
}

export function registriesOf({ policy }: Pick<AgentConfig, 'policy'>): RegistryOptions {
  return { env: process.env, certificates: '/etc/docker/certs.d', dockerConfig: policy.images.docker_config };
}

/** null: signatures of images do not count. */
function imageVerifierOf({ policy }: Pick<AgentConfig, 'policy'>, memory: VerifiedMemory): ImageVerifier | null {
  const rules = policy.images;
  if (rules.cosign_keys.length === 0) return null;
  return createImageVerifier({ rules, memory, ...registriesOf({ policy }) });
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
