// Can this device open what is encrypted for it? Shows its public keys, which whoever encrypts has to know.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { isInMemory } from '../files/memory.ts';
import { IdentityTrouble, identityFilesOf, readIdentities } from '../secrets/identity.ts';
import type { Finding } from './check.ts';
import { combine, type Part } from './run-checks.ts';

export async function checkSecrets(config: Pick<AgentConfig, 'secrets' | 'runtime_dir'>): Promise<Finding> {
  const files = identityFilesOf(config);
  if (files.length === 0) {
    const message = 'no identity is configured: SOPS files do not open on this device';
    return combine('secrets', [{ verdict: 'ok', message, remedy: null }]);
  }
  return combine('secrets', [await identity(files), await memory(config.runtime_dir)]);
}

async function identity(files: readonly string[]): Promise<Part> {
  try {
    const keys = (await readIdentities(files)).map(({ recipient }) => recipient);
    return { verdict: 'ok', message: `opens what is encrypted for ${keys.join(', ')}`, remedy: null };
  } catch (error) {
    if (!(error instanceof IdentityTrouble)) throw error;
    return { verdict: 'failed', message: error.message, remedy: `${error.hint}.` };
  }
}

async function memory(runtimeDir: string): Promise<Part> {
  if (await isInMemory(runtimeDir)) return { verdict: 'ok', message: `${runtimeDir} is in memory`, remedy: null };
  const message = `runtime_dir ${runtimeDir} is on a disk: secrets that are mounted outlive a power cut there`;
  return { verdict: 'warning', message, remedy: 'Set runtime_dir to a folder on a tmpfs, such as /run/holdfast.' };
}
