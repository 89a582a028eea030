// `holdfast render REPO DEVICE`: what Git declares for one device, with no hub and no Engine.
import { formatDiagnostic } from '../../fleet/diagnostic.ts';
import { renderDesired } from '../../fleet/repo/render/desired.ts';
import { diagnosticsOf } from '../repository/resolve-in.ts';
import { declaredIn, named } from './declared-in.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { type Format, print } from './output.ts';
import { safe } from './text.ts';

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
  const found = await declaredIn(folder, device);
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

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
