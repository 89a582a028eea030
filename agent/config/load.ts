// Reads the agent's configuration from its file and environment. The only place that does.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type AgentConfig, agentConfigSchema, USUAL_RUNTIME_DIR } from '../../fleet/config/agent.ts';
import { readConfig } from '../../fleet/config/read.ts';
import { HoldfastError } from '../../fleet/error.ts';
import { runtimeDirHere } from '../files/memory.ts';

export const DEFAULT_CONFIG_FILE = '/etc/holdfast/agent.yaml';

const PREFIX = 'HOLDFAST_';
const HUB_PREFIX = 'HOLDFAST_HUB';

/**
 * The default file may be absent where variables speak; one that was asked for may not.
 * Throws `ConfigInvalid` with every fault, its place and what to write instead. `state_dir` and `runtime_dir` come back absolute.
 */
export async function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  defaultFile = DEFAULT_CONFIG_FILE,
): Promise<AgentConfig> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (file === defaultFile && codeOf(error) === 'ENOENT' && Object.keys(env).some(isOurs)) return null;
    throw new HoldfastError(
      'ConfigInvalid',
      `${file} cannot be read: ${describe(error)}. Give the file with --config F.`,
      { cause: error },
    );
  });
  const config = readConfig(agentConfigSchema, {
    file: text === null ? null : { name: file, text },
    env,
    prefix: PREFIX,
    except: HUB_PREFIX,
    defaults: { device: hostname().split('.')[0]?.toLowerCase() },
  });
  const runtime = config.runtime_dir === USUAL_RUNTIME_DIR ? await runtimeDirHere() : resolve(config.runtime_dir);
  return { ...config, state_dir: resolve(config.state_dir), runtime_dir: runtime };
}

function describe(error: unknown): string {
  const code = codeOf(error);
  return code === 'ENOENT' ? 'there is no such file' : String(code ?? error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isOurs(name: string): boolean {
  return name.startsWith(PREFIX) && !name.startsWith(HUB_PREFIX);
}
