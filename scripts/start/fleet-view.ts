// Prints the fleet as the command line shows it to any user.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const DEADLINE_MS = 30_000;

export async function printFleet(hubUrl: string, signal: AbortSignal): Promise<void> {
  for (const view of ['devices', 'apps']) {
    console.log('');
    await holdfast(['get', view, '--hub', hubUrl], signal);
  }
  console.log('');
}

function holdfast(args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'hub', 'main.ts'), ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`holdfast ${args.join(' ')} ended with exit code ${code}.`));
    });
  });
}
