// Small images for the example and for tests, made from the static busybox of this machine and loaded into an Engine: no registry.
// Content is the same on every run, so presence is enough to skip the work.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { request } from './engine/socket.ts';
import { type TarEntry, writeTar } from './engine/tar.ts';

/** An image's own configuration, with the Engine's field names. Times in nanoseconds. */
export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly Healthcheck?: {
    readonly Test: readonly string[];
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly StartPeriod?: number;
    readonly Retries?: number;
  };
}

export interface ImageDefinition {
  readonly reference: string;
  readonly config: ImageConfig;
  /** Text files besides busybox, by absolute path. */
  readonly files: Readonly<Record<string, string>>;
  /** Scripts, by absolute path. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Of the Engine unless set. */
  readonly architecture?: string;
}

const SECOND = 1e9;
const PATH = 'PATH=/bin';

const DEFINITIONS: readonly ImageDefinition[] = [
  {
    reference: 'holdfast/busybox:1',
    config: { Env: [PATH], Cmd: ['sh'], Labels: { release: '1' } },
    files: { '/release': '1\n', '/www/index.html': 'release 1\n' },
  },
  {
    reference: 'holdfast/busybox:2',
    config: { Env: [PATH], Cmd: ['sh'], Labels: { release: '2' } },
    files: { '/release': '2\n', '/www/index.html': 'release 2\n', '/new-in-2': 'only in release 2\n' },
  },
  {
    reference: 'holdfast/defaults:1',
    config: {
      Env: [PATH, 'TZ=UTC', 'FROM_IMAGE=yes'],
      User: '1000:1000',
      WorkingDir: '/srv',
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['exec sleep 100000'],
      ExposedPorts: { '8080/tcp': {} },
      Volumes: { '/srv/data': {} },
      Labels: { 'org.example.vendor': 'holdfast', release: '1' },
      StopSignal: 'SIGKILL',
      Healthcheck: { Test: ['CMD', 'true'], Interval: 2 * SECOND, Timeout: 5 * SECOND, Retries: 2 },
    },
    files: { '/release': '1\n', '/srv/readme': 'a folder for the working directory\n' },
  },
];

/** Every image that this file can make. */
export const IMAGES: readonly string[] = DEFINITIONS.map(({ reference }) => reference);

/** Loads the named images that are absent from the Engine. */
export async function ensureImages(socket: string, images: readonly string[] = IMAGES): Promise<void> {
  for (const image of images) {
    const definition = DEFINITIONS.find(({ reference }) => reference === image);
    if (definition === undefined) throw new Error(`No image "${image}" here; there are ${IMAGES.join(', ')}.`);
    const { status } = await request({ socket, path: `/images/${image}/json` });
    if (status !== 200) await loadImages(socket, [definition]);
  }
}

/** Makes images and loads them, replacing what their references named before. */
export async function loadImages(socket: string, definitions: readonly ImageDefinition[]): Promise<void> {
  const version = JSON.parse((await request({ socket, path: '/version' })).text) as { Arch: string };
  const archive = imageArchive(definitions, version.Arch);
  const answer = await request({ socket, method: 'POST', path: '/images/load?quiet=1', body: archive });
  if (answer.status !== 200 || answer.text.includes('"errorDetail"')) {
    const names = definitions.map(({ reference }) => reference).join(', ');
    throw new Error(`The Engine did not load ${names}: ${answer.text.trim()}`);
  }
}

/** The archive format of `docker save`, which every Engine loads. Equal layers are in it once. */
function imageArchive(definitions: readonly ImageDefinition[], architecture: string): Buffer {
  const entries = new Map<string, TarEntry>();
  const manifest = definitions.map((definition) => {
    const layer = writeTar(layerEntries(definition));
    const config = imageConfig(definition, sha256(layer), definition.architecture ?? architecture);
    const [layerName, configName] = [`${sha256(layer)}.tar`, `${sha256(config)}.json`];
    entries.set(layerName, { path: layerName, bytes: layer });
    entries.set(configName, { path: configName, bytes: config });
    return { Config: configName, RepoTags: [definition.reference], Layers: [layerName] };
  });
  return writeTar([...entries.values(), { path: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) }]);
}

function imageConfig(definition: ImageDefinition, layer: string, architecture: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      created: CREATED,
      config: definition.config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
      history: [{ created: CREATED, created_by: 'holdfast' }],
    }),
  );
}

const CREATED = '2026-01-01T00:00:00Z';
const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'];

function layerEntries({ files, programs = {} }: ImageDefinition): readonly TarEntry[] {
  const busybox = BUSYBOX.find((path) => existsSync(path));
  if (busybox === undefined) throw new Error('There is no busybox on this machine: install busybox-static.');
  const bytes = readFileSync(busybox);
  if (bytes.includes('/ld-linux') || bytes.includes('/ld-musl')) {
    throw new Error(`${busybox} is dynamically linked and cannot run in an empty image: install busybox-static.`);
  }
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean).sort();
  const accounts = {
    '/etc/passwd': 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
    '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  };
  const texts = Object.entries({ ...accounts, ...files, ...programs });
  const folders = new Set(['bin', 'tmp', ...texts.flatMap(([path]) => parents(path))]);
  return [
    ...[...folders].sort().map((path) => ({ path, folder: true, mode: path === 'tmp' ? 0o1777 : 0o755 })),
    { path: 'bin/busybox', bytes, mode: 0o755 },
    ...applets.filter((name) => name !== 'busybox').map((name) => ({ path: `bin/${name}`, link: 'busybox' })),
    ...texts.map(([path, text]) => ({
      path: path.slice(1),
      bytes: Buffer.from(text),
      ...(path in programs ? { mode: 0o755 } : {}),
    })),
  ];
}

/** `/a/b/c` → a, a/b */
function parents(path: string): readonly string[] {
  const segments = path.split('/').filter(Boolean).slice(0, -1);
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
