// `holdfast validate` of whole fleets as processes of their own: how long, and how much memory for how many devices. The
// floor reads the same files and parses their YAML, once each, in one thread.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from './measure.ts';

export interface ValidateResult {
  readonly devices: number;
  readonly ms: number;
  /** CPU time of all threads. */
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly floorMs: number;
}

const FLEETS = [1000, 10_000, 20_000];
const ROUNDS = 3;
const ROOT = join(import.meta.dirname, '../..');

export async function benchValidate(folder: string): Promise<ValidateResult[]> {
  const results: ValidateResult[] = [];
  for (const devices of FLEETS) {
    const repo = join(folder, `fleet-${devices}`);
    await makeFleet(repo, devices);
    const runs = [];
    for (let round = 0; round < ROUNDS; round++) {
      const ours = await run(['hub/main.ts', 'validate', repo]);
      const floor = await run(['test/bench/validate-floor.ts', repo]);
      runs.push({ ours, floor });
    }
    results.push({
      devices,
      ms: median(runs.map(({ ours }) => ours.ms)),
      cpuMs: median(runs.map(({ ours }) => ours.cpuMs)),
      peakMiB: median(runs.map(({ ours }) => ours.peakMiB)),
      floorMs: median(runs.map(({ floor }) => floor.ms)),
    });
  }
  return results;
}

/** Three services from a shared app by group, one more from the device's own folder. */
async function makeFleet(repo: string, devices: number): Promise<void> {
  const write = async (path: string, text: string) => {
    await mkdir(join(repo, path, '..'), { recursive: true });
    await writeFile(join(repo, path), text);
  };
  await write('fleet.yaml', FLEET);
  await write('apps/kiosk/compose.yaml', KIOSK);
  await write('apps/kiosk/html/index.html', '<h1>kiosk</h1>\n');
  for (let device = 0; device < devices; device++) {
    const path = `devices/edge-${String(device).padStart(6, '0')}`;
    await write(`${path}/device.yaml`, `labels: { site: "s${device % 100}", role: kiosk }\n`);
    await write(
      `${path}/compose.yaml`,
      `services:\n  meter:\n    image: registry.example.com/meter:1.${device % 7}\n    environment: { NUMBER: "${device}" }\n`,
    );
  }
}

const FLEET = `interval: 60s
groups:
  - name: kiosks
    selector: { role: kiosk }
    apps: [ kiosk ]
    env: { TZ: Europe/Berlin }
`;

const KIOSK = `services:
  web:
    image: nginx:1.27
    restart: unless-stopped
    ports: [ "8080:80" ]
    environment: { TZ: "\${TZ}" }
    volumes: [ "./html:/usr/share/nginx/html:ro", "data:/var/lib/data" ]
    healthcheck: { test: [ CMD, "true" ], interval: 10s }
    depends_on: [ db ]
  db:
    image: postgres:16
    restart: unless-stopped
    volumes: [ "db:/var/lib/postgresql/data" ]
  cache:
    image: redis:7
    command: [ redis-server, --save, "" ]
    networks: [ back ]
volumes: { data: {}, db: {} }
networks: { back: {} }
`;

interface Run {
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

async function run(args: readonly string[]): Promise<Run> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  let seen = { peakKiB: 0, cpuMs: 0 };
  const watch = setInterval(() => {
    seen = look(child.pid ?? 0) ?? seen;
  }, 50);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}`);
  return { ms: performance.now() - startedMs, cpuMs: seen.cpuMs, peakMiB: seen.peakKiB / 1024 };
}

/** Clock ticks of `/proc/<pid>/stat`. */
const TICK_MS = 10;

/** The most that a process ever held (VmHWM), and its CPU time, its threads included; null: it is gone. */
function look(pid: number): { peakKiB: number; cpuMs: number } | null {
  try {
    const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    return peakKiB === 0 ? null : { peakKiB, cpuMs };
  } catch {
    // It ended between two looks.
    return null;
  }
}
