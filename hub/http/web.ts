// The dashboard's files: read once into memory, so no path of a request ever reaches the disk.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

const FILES_MAX = 500;
const BYTES_MAX = 32 * 1024 * 1024;

export interface WebFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Its name holds a hash of its content: it never changes. */
  readonly immutable: boolean;
}

/** By URL path. Empty when the folder is not there: the dashboard is not built. */
export async function loadWeb(folder: string): Promise<ReadonlyMap<string, WebFile>> {
  const files = new Map<string, WebFile>();
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(folder);
  } catch {
    // Not built, or not readable: the page that is served instead says what to do.
    return files;
  }
  let total = 0;
  for (const entry of entries.filter((one) => one.isFile()).slice(0, FILES_MAX)) {
    const path = join(entry.parentPath, entry.name);
    const bytes = new Uint8Array(await readFile(path));
    total += bytes.byteLength;
    if (total > BYTES_MAX) break;
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(url, { bytes, type: typeOf(entry.name), immutable: /^\/assets\/.+-[\w-]{8}\.\w+$/.test(url) });
  }
  return files;
}

/** Shown instead of the dashboard. */
export const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Holdfast</title>
<h1>The dashboard is not built</h1>
<p>The hub is running and its API answers. To see the dashboard, run <code>npm run build:web</code> and start the hub again.</p>
<ul>
<li><a href="/api/v1/summary">The fleet in numbers</a></li>
<li><a href="/api/v1/devices">Devices</a></li>
<li><a href="/openapi.json">The API's description</a></li>
</ul>
</html>
`;

function list(folder: string) {
  return readdir(folder, { recursive: true, withFileTypes: true });
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  webmanifest: 'application/manifest+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
  map: 'application/json',
};

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}
