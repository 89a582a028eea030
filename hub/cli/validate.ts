// `holdfast validate [REPO]`: every device of a repository, with no hub and no Engine. Findings are printed once each,
// however many devices share them, and no more of them are kept than a person could read.
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isAbsolute, relative } from 'node:path';
import { compareDiagnostics, type Diagnostic, formatDiagnostic } from '../../fleet/diagnostic.ts';
import { messageOf } from '../../fleet/error.ts';
import { FLEET_FILE } from '../../fleet/repo/layout.ts';
import { unmatchedGroups } from '../../fleet/repo/unmatched.ts';
import { checkFleet } from '../repository/check-fleet.ts';
import { devicesIn } from '../repository/devices.ts';
import { openWorkTree } from '../repository/work-tree.ts';
import { annotation } from './annotation.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { print, type VALIDATE_FORMATS } from './output.ts';
import { createPaint } from './paint.ts';
import { createProgress } from './progress.ts';
import { plural } from './text.ts';

/** Findings that are kept and printed; further ones are counted. */
const KEPT = 5000;

export interface ValidateOptions {
  readonly output: (typeof VALIDATE_FORMATS)[number];
}

export async function validate(io: Io, folder: string, { output }: ValidateOptions): Promise<ExitCode> {
  const devices = await listDevices(folder);
  const findings = createFindings();
  const progress = createProgress(io, devices.length, 'devices');
  const matched = new Set<string>();
  let isKnown = true;
  try {
    await checkFleet({
      folder,
      devices,
      parallel: availableParallelism(),
      signal: io.signal,
      onChecked: ({ diagnostics, groups }) => {
        for (const one of diagnostics) findings.add(one);
        for (const group of groups ?? []) matched.add(group);
        if (groups === null) isKnown = false;
        progress.step();
      },
    });
    for (const one of fleetFindings(folder, isKnown ? matched : null)) findings.add(one);
  } catch (error) {
    if (io.signal.aborted) throw new CliError('stopped before every device was checked');
    throw new CliError(`cannot read the repository ${folder}: ${messageOf(error)}`);
  } finally {
    progress.end();
  }
  const { diagnostics, errors, warnings } = findings.all();
  const ok = errors === 0 && devices.length > 0;
  if (output === 'github') {
    const below = folderInCheckout(io, folder);
    io.out(diagnostics.map((one) => `${annotation(one, below)}\n`).join(''));
    io.out(`${verdict(folder, devices.length, errors, warnings)}\n`);
    return ok ? 0 : 1;
  }
  print(io, output, { ok, devices, errors, warnings, diagnostics }, () => {
    const paint = createPaint(io.colour);
    const text = diagnostics.map((one) => `${formatDiagnostic(one)}\n\n`).join('');
    const dropped = errors + warnings - diagnostics.length;
    const more = dropped > 0 ? `and ${dropped} more\n\n` : '';
    return `${text}${more}${verdict(folder, devices.length, errors, warnings, ok ? paint.good : paint.bad)}\n`;
  });
  return ok ? 0 : 1;
}

/** Where a repository is that does not begin at the checkout's top: `fleet`. */
function folderInCheckout({ env }: Io, folder: string): string {
  const below = relative(env.GITHUB_WORKSPACE || '.', folder);
  return below.startsWith('..') || isAbsolute(below) ? '' : below;
}

async function listDevices(folder: string): Promise<string[]> {
  try {
    const stats = await stat(folder).catch(() => null);
    if (stats === null) throw new Error('there is no such folder');
    if (!stats.isDirectory()) throw new Error('it is not a folder');
    return devicesIn(folder);
  } catch (error) {
    throw new CliError(`cannot read the repository ${folder}: ${messageOf(error)}`);
  }
}

/** What no device alone can tell. `matched`: the groups that select one; null: not known. */
function fleetFindings(folder: string, matched: ReadonlySet<string> | null): Diagnostic[] {
  const { files } = openWorkTree(folder, () => true).load([FLEET_FILE, OTHER_FLEET_FILE]).tree;
  const file = files.get(FLEET_FILE);
  if (file !== undefined) return matched === null ? [] : unmatchedGroups(file, matched);
  return files.has(OTHER_FLEET_FILE) ? [NOT_READ] : [];
}

const OTHER_FLEET_FILE = FLEET_FILE.replace(/yaml$/, 'yml');
const NOT_READ: Diagnostic = {
  severity: 'warning',
  file: OTHER_FLEET_FILE,
  line: 0,
  column: 0,
  code: 'ignored-file',
  message: 'not read: its name is not the one that counts',
  hint: `name it ${FLEET_FILE}`,
};

function verdict(folder: string, devices: number, errors: number, warnings: number, paint = (text: string) => text) {
  if (devices === 0) return `${folder} declares no device; make a folder devices/<id> with a compose.yaml`;
  const said = paint(errors === 0 ? 'no errors' : plural(errors, 'error'));
  return `${plural(devices, 'device')}: ${said}, ${plural(warnings, 'warning')}`;
}

/** A shared app's fault shows up for every device that runs it; it is kept and counted once. */
function createFindings() {
  const kept = new Map<string, Diagnostic>();
  const counts = { error: 0, warning: 0 };
  return {
    add(one: Diagnostic): void {
      const key = formatDiagnostic(one);
      if (kept.has(key)) return;
      counts[one.severity] += 1;
      if (kept.size < KEPT) kept.set(key, one);
    },
    all: () => ({
      diagnostics: [...kept.values()].sort(compareDiagnostics),
      errors: counts.error,
      warnings: counts.warning,
    }),
  };
}
