// Short ways to resolve one device and to look at what came out.
import { type Diagnostic, formatDiagnostic } from '../../../fleet/diagnostic.ts';
import type { Desired, DesiredApp } from '../../../fleet/model/desired.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { type Resolution, resolveDevice } from '../../../fleet/repo/resolve.ts';
import { type Files, treeOf } from './tree.ts';

export const REVISION = 'main@sha1:0123456789012345678901234567890123456789';
export const FOLDER = 'devices/edge-01';

/** No secret file is open. */
export const CLOSED = { secrets: new Map(), salt: '' };

/** Files without a folder are the device's own, but for fleet.yaml. */
export function resolveFiles(files: Files, roots?: readonly string[]): Resolution {
  const isPlaced = (path: string) => path.includes('/') || path === 'fleet.yaml';
  const placed = Object.entries(files).map(([path, text]) => [isPlaced(path) ? path : `${FOLDER}/${path}`, text]);
  const tree = treeOf(Object.fromEntries(placed), roots);
  return resolveDevice({ device: 'edge-01', path: FOLDER, revision: REVISION, tree, ...CLOSED });
}

/** A Compose file of the device's own. */
export function resolveCompose(compose: string, files: Files = {}): Resolution {
  return resolveFiles({ 'compose.yaml': compose, ...files });
}

export function desiredOf(resolution: Resolution): Desired {
  if (resolution.kind === 'resolved') return resolution.desired;
  throw new Error(`not resolved: ${textOf(resolution)}`);
}

export function appOf(resolution: Resolution): DesiredApp {
  const [app] = desiredOf(resolution).apps;
  if (app === undefined) throw new Error('no app');
  return app;
}

export function serviceOf(resolution: Resolution, name = 'web'): Service {
  const service = appOf(resolution).services.find((one) => one.name === name);
  if (service === undefined) throw new Error(`no service ${name}`);
  return service;
}

/** `web` with an image and the given YAML lines (indented by four where they stand below the service). */
export function web(lines: string, rest = ''): string {
  const indented = lines
    .split('\n')
    .map((line) => (line === '' ? line : `    ${line}`))
    .join('\n');
  return `services:\n  web:\n    image: nginx:1.27\n${indented}\n${rest}`;
}

/** Every diagnostic as text, one after the other. */
export function textOf(resolution: Resolution): string {
  switch (resolution.kind) {
    case 'resolved':
      return resolution.warnings.map(formatDiagnostic).join('\n');
    case 'invalid':
      return resolution.diagnostics.map(formatDiagnostic).join('\n');
    case 'needs':
      return `needs ${resolution.roots.join(' ')}`;
  }
}

/** Message and hint of every diagnostic, without places. */
export function saidOf(resolution: Resolution): string[] {
  if (resolution.kind === 'needs') return [textOf(resolution)];
  const all = resolution.kind === 'resolved' ? resolution.warnings : resolution.diagnostics;
  return all.map(wordsOf);
}

/** Message and hint, without the place. */
export function wordsOf({ severity, message, hint }: Diagnostic): string {
  const said = hint === undefined ? message : `${message} | ${hint}`;
  return severity === 'warning' ? `warning: ${said}` : said;
}
