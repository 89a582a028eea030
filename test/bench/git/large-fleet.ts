// A bare repository that declares 10,000 devices as `sites/<100>/<100>`, made through `git fast-import`: seconds, not minutes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { git } from '../../../scripts/git-repository.ts';

const SITES = 100;
const DEVICES = 100;

export const DEVICE_PATH = 'sites/site-042/edge-042007';

export async function makeLargeFleet(folder: string): Promise<void> {
  await git('.', 'init', '--quiet', '--bare', '--initial-branch=main', folder);
  const files: [string, string][] = [['fleet.yaml', 'labels: { fleet: large }\n']];
  for (let site = 0; site < SITES; site++)
    for (let device = 0; device < DEVICES; device++) files.push(...deviceFiles(site, device));
  await fastImport(folder, 'Declare the fleet', files, null);
  await git(folder, 'repack', '-adq');
}

/** One more commit on main that changes files; the path given is relative to the repository. */
export async function changeFiles(folder: string, files: readonly [string, string][]): Promise<string> {
  await fastImport(folder, 'Change', files, 'refs/heads/main^0');
  return await git(folder, 'rev-parse', 'refs/heads/main');
}

function deviceFiles(site: number, device: number): [string, string][] {
  const [s, d] = [String(site).padStart(3, '0'), String(device).padStart(3, '0')];
  const path = `sites/site-${s}/edge-${s}${d}`;
  return [
    [`${path}/device.yaml`, `labels: { site: "${s}", number: "${d}" }\n`],
    [
      `${path}/compose.yaml`,
      `services:\n  web:\n    image: registry.example.com/kiosk:1.${device}\n    environment: { SITE: "${s}", NUMBER: "${d}" }\n`,
    ],
  ];
}

async function fastImport(
  folder: string,
  message: string,
  files: readonly [string, string][],
  from: string | null,
): Promise<void> {
  const child = spawn('git', ['-C', folder, 'fast-import', '--quiet', '--date-format=now'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const closed = once(child, 'close');
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const head = ['commit refs/heads/main', 'committer Bench <bench@holdfast.invalid> now', data(message)].join('\n');
  child.stdin.write(`${head}${from === null ? '' : `from ${from}\n`}`);
  for (const [path, text] of files) child.stdin.write(`M 100644 inline ${path}\n${data(text)}`);
  child.stdin.end('\n');
  const [code] = (await closed) as [number];
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}
