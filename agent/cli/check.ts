// `holdfast-agent check`: what is wrong with Git, trust, Engine, disk, secrets, broker or clock, and what to do. Puts the real parts
// together; leaves nothing behind, and works beside a running agent.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { formatRevision } from '../../fleet/names.ts';
import { devicePath } from '../../fleet/repo/layout.ts';
import { agentClientId } from '../../fleet/wire/topics.ts';
import { engineOf, judgeBeside, secretsOf, sourceOf, verifierOf } from '../assemble.ts';
import { type BrokerGiven, checkBroker } from '../check/broker.ts';
import type { Finding } from '../check/check.ts';
import { checkClock } from '../check/clock.ts';
import { checkDisk } from '../check/disk.ts';
import { checkEngine } from '../check/engine.ts';
import { formatFindings } from '../check/format.ts';
import { createGit, type Git } from '../check/git.ts';
import { type Check, runChecks } from '../check/run-checks.ts';
import { checkSecrets } from '../check/secrets.ts';
import { checkSource } from '../check/source.ts';
import { checkTrust } from '../check/trust.ts';
import { tryBroker } from '../check/try-broker.ts';
import type { Tip } from '../git/source.ts';
import { createClock } from '../host/clock.ts';
import { agentRuns } from '../inbox/agent-runs.ts';
import { createInbox } from '../inbox/inbox.ts';
import { resolve } from '../loop/declare.ts';
import { floorCommit } from '../loop/kept.ts';
import { readStore } from '../store/read-store.ts';
import { createLog } from './log.ts';
import { stopSignal } from './run.ts';

const DEADLINE_MS = 10_000;
/** Beyond the deadline that Git has itself, whose message says more. */
const GIT_GRACE_MS = 2_000;

/** 0: nothing failed. */
export async function check(config: AgentConfig, output: 'text' | 'json'): Promise<number> {
  const findings = await checkNow(config, stopSignal());
  const ok = findings.every(({ verdict }) => verdict !== 'failed');
  process.stdout.write(output === 'json' ? `${JSON.stringify({ ok, findings }, null, 2)}\n` : formatFindings(findings));
  return ok ? 0 : 1;
}

export async function checkNow(config: AgentConfig, signal: AbortSignal): Promise<readonly Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-check-'));
  const end = new AbortController();
  const git = createGit({
    open: (name) => sourceOf(config, join(folder, name)),
    floor: () => readFloor(config.state_dir),
    every: config.verify?.mode === 'every',
    signal: AbortSignal.any([signal, end.signal]),
  });
  try {
    return await runChecks(checksOf(config, git), signal);
  } finally {
    end.abort();
    git.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function checksOf(config: AgentConfig, git: Git): readonly Check[] {
  const gitMs = config.source.timeout + GIT_GRACE_MS;
  const { url, path = devicePath(config.device) } = config.source;
  const log = createLog('silent', {});
  const socket = config.docker.socket;
  const secrets = secretsOf(config, '');
  const declared = (tip: Tip, signal: AbortSignal) =>
    resolve(
      { config, source: git.content(), judge: judgeBeside(config), secrets, held: null, log },
      tip.commit,
      formatRevision(tip.name, tip.commit),
      signal,
    ).then(({ desired }) => desired);
  const clock = { now: () => new Date(), synced: createClock().synced, committedMs: git.committedMs };
  return [
    {
      subject: 'source',
      deadlineMs: gitMs,
      look: (signal) => checkSource({ url, path, tip: git.tip, resolve: declared, way: git.way }, signal),
    },
    { subject: 'trust', deadlineMs: gitMs, look: (signal) => trust(config, git, signal) },
    {
      subject: 'engine',
      deadlineMs: DEADLINE_MS,
      look: (signal) => checkEngine({ socket, engine: engineOf(config, log) }, signal),
    },
    { subject: 'disk', deadlineMs: DEADLINE_MS, look: () => checkDisk({ stateDir: config.state_dir }) },
    { subject: 'secrets', deadlineMs: DEADLINE_MS, look: () => checkSecrets(config) },
    { subject: 'broker', deadlineMs: DEADLINE_MS, look: (signal) => checkBroker(brokerOf(config), signal) },
    { subject: 'clock', deadlineMs: gitMs, look: () => checkClock(clock) },
  ];
}

async function trust(config: AgentConfig, git: Git, signal: AbortSignal): Promise<Finding> {
  const mode = config.verify?.mode ?? 'tip';
  const override = () => createInbox(config.state_dir).accepted();
  return await checkTrust({ ...git, verifier: verifierOf(config), mode, override }, signal);
}

function brokerOf({ mqtt, fleet, device, state_dir: stateDir }: AgentConfig): BrokerGiven | null {
  if (mqtt === undefined) return null;
  return {
    url: mqtt.url,
    clientId: agentClientId(fleet, device),
    suffix: randomBytes(4).toString('hex'),
    connect: (clientId, signal) => tryBroker({ config: mqtt, fleet, device, clientId }, signal),
    agentRuns: () => agentRuns(stateDir),
  };
}

function readFloor(stateDir: string): string | null {
  const store = readStore(stateDir);
  try {
    return floorCommit(store);
  } finally {
    store?.close();
  }
}
