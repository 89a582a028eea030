// `holdfast render REPO DEVICE`: what Git declares for one device, with no hub and no Engine.
import { stat } from 'node:fs/promises';
import { formatDiagnostic } from '../../fleet/diagnostic.ts';
import { messageOf } from '../../fleet/error.ts';
import { renderDesired } from '../../fleet/repo/render/desired.ts';
import { devicesIn } from '../repository/devices.ts';
import { diagnosticsOf, type InRepository, resolveIn } from '../repository/resolve-in.ts';
import { openWorkTree } from '../repository/work-tree.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { type Format, print } from './output.ts';
import { safe } from './text.ts';

/** Devices that are named when another was meant. */
const NAMED = 20;

export interface RenderOptions {
  readonly output: Format;
  /** Only this app, as one Compose document. */
  readonly app?: string;
}

export async function render(
  io: Io,
  folder: string,
  device: string,
  { output, app }: RenderOptions,
): Promise<ExitCode> {
  const found = await resolve(folder, device);
  for (const one of diagnosticsOf(found)) io.err(`${formatDiagnostic(one)}\n\n`);
  if (found.resolution.kind !== 'resolved') return 1;
  const { desired, declared } = found.resolution;
  const data = renderDesired(desired, declared);
  // Nested data has no table; YAML is what people wrote and read.
  const format = output === 'table' ? 'yaml' : output;
  if (app === undefined) {
    print(io, format, data, () => '');
    return 0;
  }
  const at = desired.apps.findIndex(({ name }) => name === app);
  if (at < 0) throw new CliError(`${device} has no app "${safe(app)}"; it has ${named(desired.apps.map(nameOf))}`, 1);
  print(io, format, Array.isArray(data.apps) ? data.apps[at] : undefined, () => '');
  return 0;
}

async function resolve(folder: string, device: string): Promise<InRepository> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('it is not a folder');
    const devices = devicesIn(folder);
    if (devices.includes(device))
      return resolveIn(
        openWorkTree(folder, () => true),
        device,
      );
    throw new CliError(`${folder} declares no device "${safe(device)}"; it declares ${named(devices)}`, 1);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot read the repository ${folder}: ${messageOf(error)}`);
  }
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function named(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const rest = names.length - NAMED;
  return `${names.slice(0, NAMED).map(safe).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
