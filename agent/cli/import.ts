// `holdfast-agent import BUNDLE`: hands a Git bundle to the agent on this host, after the same looks that the agent will take
// at it. Works in a folder of its own; of the state it changes the inbox alone.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { printable } from '../../fleet/diagnostic.ts';
import { judgeBeside, secretsOf, sourceOf, verifierOf } from '../assemble.ts';
import { BUNDLE_FACTOR, readBundleHead } from '../git/local/bundle-head.ts';
import { agentRuns } from '../inbox/agent-runs.ts';
import { handInBundle } from '../inbox/hand-in.ts';
import { createInbox } from '../inbox/inbox.ts';
import { type Judgement, judgeBundle } from '../inbox/judge-bundle.ts';
import { floorCommit } from '../loop/kept.ts';
import { readStore } from '../store/read-store.ts';
import { createLog } from './log.ts';
import { stopSignal } from './run.ts';

/** 0: it waits for the agent. Why it is refused is thrown, and then nothing was handed in. */
export async function importBundle(config: AgentConfig, file: string): Promise<number> {
  const path = resolve(file);
  const judgement = await judge(config, path, stopSignal());
  await handInBundle(config.state_dir, path, config.limits.source_bytes * BUNDLE_FACTOR);
  process.stdout.write(importText(judgement, await agentRuns(config.state_dir)));
  return 0;
}

async function judge(config: AgentConfig, path: string, signal: AbortSignal): Promise<Judgement> {
  const head = await readBundleHead(path, signal);
  const store = readStore(config.state_dir);
  const floor = floorCommit(store);
  const held = store?.accepted() ?? null;
  store?.close();
  const override = await createInbox(config.state_dir).accepted();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-import-'));
  try {
    await copyHeld(config.state_dir, folder);
    const source = sourceOf({ ...config, source: { ...config.source, url: pathToFileURL(path).href } }, folder);
    const verifier = verifierOf(config);
    const log = createLog('silent', {});
    const judgement = await judgeBundle(
      {
        config,
        source,
        head,
        verifier,
        judge: judgeBeside(config),
        secrets: secretsOf(config, ''),
        floor,
        override,
        held,
        log,
      },
      signal,
    );
    source.close();
    return judgement;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a bundle builds on, and by which an older one is known. The agent may remove objects meanwhile: what is lacking is then left to it. */
async function copyHeld(stateDir: string, folder: string): Promise<void> {
  await cp(join(stateDir, 'git'), join(folder, 'git'), { recursive: true }).catch(() => undefined);
}

export function importText({ revision, signedBy, left }: Judgement, running: boolean): string {
  const signed = signedBy === null ? (left === null ? ' (signature not verified)' : '') : ` signed by ${signedBy}`;
  const then = running
    ? 'handed to the agent; it takes it within seconds'
    : 'it is taken by the next "holdfast-agent run" or "once"';
  const note =
    left === null
      ? []
      : [
          'This bundle builds on an earlier one, or a registry has to be asked; what could not be judged here, the agent judges when it takes it:',
          left,
        ];
  return `${[`${revision}${signed}: ${then}`, ...note].join('\n').split('\n').map(printable).join('\n')}\n`;
}
