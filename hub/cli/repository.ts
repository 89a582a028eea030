// `holdfast validate [REPO]` and `render REPO DEVICE`: work on a folder, with no hub and no Engine.
import { type Diagnostic, formatDiagnostic } from '../../fleet/diagnostic.ts';
import { messageOf } from '../../fleet/error.ts';
import type { SourceTree } from '../../fleet/model/source.ts';
import { renderDesired } from '../../fleet/repo/render.ts';
import { listDevices, type Resolution, resolveDevice } from '../../fleet/repo/resolve.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { type Format, print } from './output.ts';
import { createPaint } from './paint.ts';
import { plural, safe } from './text.ts';
import { readWorkTree } from './work-tree.ts';

/** No commit is meant: files are read as they are. */
const REVISION = 'worktree@sha1:0000000000000000000000000000000000000000';

export async function validate(io: Io, folder: string, { output }: { output: Format }): Promise<ExitCode> {
  const { tree, faults } = await open(folder);
  const devices = listDevices(tree);
  const found = [...faults, ...devices.flatMap((device) => diagnosticsOf(resolve(tree, device)))];
  const diagnostics = distinct(found);
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const ok = errors === 0 && devices.length > 0;
  print(io, output, { ok, devices, errors, warnings, diagnostics }, () => {
    const paint = createPaint(io.colour);
    const text = diagnostics.map((one) => `${formatDiagnostic(one)}\n\n`).join('');
    if (devices.length === 0)
      return `${text}${folder} declares no device; make a folder devices/<id> with a compose.yaml\n`;
    const verdict = errors === 0 ? paint.good('no errors') : paint.bad(plural(errors, 'error'));
    return `${text}${plural(devices.length, 'device')}: ${verdict}, ${plural(warnings, 'warning')}\n`;
  });
  return ok ? 0 : 1;
}

export async function render(
  io: Io,
  folder: string,
  device: string,
  { output }: { output: Format },
): Promise<ExitCode> {
  const { tree, faults } = await open(folder);
  const devices = listDevices(tree);
  if (!devices.includes(device)) {
    const known = devices.length === 0 ? 'it declares none' : `it declares ${devices.slice(0, 20).join(', ')}`;
    throw new CliError(`${folder} declares no device "${safe(device)}"; ${known}`, 1);
  }
  const resolution = resolve(tree, device);
  for (const one of [...faults, ...diagnosticsOf(resolution)]) io.err(`${formatDiagnostic(one)}\n\n`);
  if (resolution.kind !== 'resolved') return 1;
  const data = renderDesired(resolution.desired);
  // Nested data has no table; YAML is what people wrote and read.
  print(io, output === 'table' ? 'yaml' : output, data, () => '');
  return 0;
}

async function open(folder: string): ReturnType<typeof readWorkTree> {
  try {
    return await readWorkTree(folder);
  } catch (error) {
    throw new CliError(`cannot read the repository ${folder}: ${messageOf(error)}`);
  }
}

function resolve(tree: SourceTree, device: string): Resolution {
  return resolveDevice({ device, path: `devices/${device}`, revision: REVISION, tree });
}

function diagnosticsOf(resolution: Resolution): readonly Diagnostic[] {
  if (resolution.kind === 'invalid') return resolution.diagnostics;
  if (resolution.kind === 'resolved') return resolution.warnings;
  // The whole repository was loaded, so what is still asked for is not in it.
  return resolution.roots.map((file) => ({
    severity: 'error' as const,
    file,
    line: 0,
    column: 0,
    code: 'missing',
    message: 'is referred to, but not in the repository',
  }));
}

/** A shared app's fault shows up for every device that runs it; it is said once. */
function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((one) => [formatDiagnostic(one), one])).values()];
}
