// A device's folder of a revision to desired state. Pure: files come in as a tree, and paths that the tree does not cover
// go out as `needs`, so the caller loads them and asks again. Every round names something new or ends.

import { createFiles, type Files, joinPath } from '../compose/files.ts';
import { locate, wholeFile } from '../compose/place.ts';
import type { Declared } from '../compose/project.ts';
import { type Keys, sortedRecord } from '../compose/read.ts';
import { createReport, type Report, shown } from '../compose/report.ts';
import { checkClaims } from '../compose/resolve/claims.ts';
import { createSecretFiles, type SecretFiles } from '../compose/resolve/secret-files.ts';
import { createBudget } from '../compose/variables/variables.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { MAX_VALUES } from '../mask.ts';
import type { Ask } from '../model/ask.ts';
import type { Desired } from '../model/desired.ts';
import type { GivenSecrets } from '../model/secret-file.ts';
import type { SourceTree } from '../model/source.ts';
import { isId } from '../names.ts';
import { type LoadedApp, loadApp } from './app.ts';
import { ID_RULE } from './app-keys.ts';
import { checkApps } from './app-order.ts';
import { declaredApps } from './apps.ts';
import { gathered, rulesOf } from './drift-keys.ts';
import { type Layer, labelsOf, lastSaid, lastSaidOfDrift, layersOf } from './layers.ts';
import { FLEET_FILE } from './layout.ts';
import { originsOf } from './origins.ts';
import { readSettings } from './read-settings.ts';
import { checkPatterns, checkRules } from './rules.ts';
import { checkSecretsInSight } from './secrets-in-sight.ts';
import { DEVICE_KEYS, type DeviceFields, FLEET_KEYS, type FleetFields } from './settings.ts';

export interface ResolveInput {
  readonly device: string;
  /** The device's folder, `devices/<id>`. */
  readonly path: string;
  /** `main@sha1:<commit>` */
  readonly revision: string;
  readonly tree: SourceTree;
  /** Names of shared apps, as far as the caller knows them: only for saying which one was meant. */
  readonly sharedApps?: readonly string[];
  /** SOPS files that were opened, or could not be. */
  readonly secrets: GivenSecrets;
  /** Made once with the device's state: ids of secret content are keyed by it. */
  readonly salt: string;
}

export type Resolution =
  | {
      readonly kind: 'resolved';
      readonly desired: Desired;
      readonly warnings: readonly Diagnostic[];
      /** What the commit asks of the host, for its policy. */
      readonly asks: readonly Ask[];
      /** Groups of fleet.yaml that select the device. */
      readonly groups: readonly string[];
      /** What the Compose files say, by app. */
      readonly declared: ReadonlyMap<string, Declared>;
    }
  /** Files and folders that the tree does not cover, and SOPS files that were not opened: load and open them, resolve again. */
  | { readonly kind: 'needs'; readonly roots: readonly string[]; readonly secrets: readonly string[] }
  /** `groups` null: its labels or the groups cannot be read. */
  | {
      readonly kind: 'invalid';
      readonly diagnostics: readonly Diagnostic[];
      readonly groups: readonly string[] | null;
    };

/** Rounds of "load what this refers to": includes nest, but not without end. */
export const MAX_LOAD_ROUNDS = 10;

export function resolveDevice(input: ResolveInput): Resolution {
  const report = createReport();
  const files = createFiles(input.tree);
  const folder = joinPath('', input.path);
  if (!isId(input.device) || folder === null) {
    const what = `"${shown(input.device)}" cannot be the id of a device`;
    report.error(wholeFile(input.path), 'name', what, ID_RULE);
    return { kind: 'invalid', diagnostics: report.diagnostics(), groups: null };
  }
  const fleet = readOptional<FleetFields>(FLEET_FILE, FLEET_FILE, FLEET_KEYS, files, report);
  const deviceFile = folder === '' ? 'device.yaml' : `${folder}/device.yaml`;
  const own = readOptional<DeviceFields>(deviceFile, folder, DEVICE_KEYS, files, report);
  const isRead = !report.failed();
  const labels = labelsOf(fleet ?? {}, own ?? {});
  const layers = layersOf(fleet ?? {}, own ?? {}, labels, folder);
  const { device, sharedApps = [] } = input;
  const apps =
    own === null ? [] : declaredApps({ device, sharedApps, folder, fleet: fleet ?? {}, own, layers, files, report });
  const budget = createBudget();
  const secretFiles = createSecretFiles(input.secrets, input.salt);
  const loaded = apps.flatMap((app) => loadApp(app, { files, budget, report, secretFiles }) ?? []);
  checkApps(apps, report);
  for (const app of loaded) checkRules(app, report);
  for (const { drift } of layers) checkPatterns(rulesOf(drift), report);
  checkClaims(
    loaded.flatMap(({ project }) => project.claims),
    report,
  );
  const roots = files.needs();
  const secrets = secretFiles.needs();
  if (roots.length > 0 || secrets.length > 0) return { kind: 'needs', roots, secrets };
  if (secretFiles.tooMany()) {
    report.error(wholeFile(deviceFile), 'too-large', `more than ${MAX_VALUES} secret values on one device`);
  }
  checkSecretsInSight(loaded, secretFiles, report);
  const groups = layers.flatMap(({ group }) => group ?? []);
  if (report.failed()) return { kind: 'invalid', diagnostics: report.diagnostics(), groups: isRead ? groups : null };
  return {
    kind: 'resolved',
    desired: desiredOf(input, labels, layers, loaded, secretFiles),
    groups,
    warnings: report.diagnostics(),
    asks: loaded.flatMap(asksOf),
    declared: new Map(loaded.map(({ app, project }) => [app.name, project.declared])),
  };
}

/** An optional file; what is not there sets nothing. */
function readOptional<T extends object>(
  path: string,
  root: string,
  keys: Keys<T>,
  files: Files,
  report: Report,
): Partial<T> | null {
  const found = files.find(path, root);
  if (found.kind === 'file') return readSettings(found.file, keys, report);
  const other = path.replace(/yaml$/, 'yml');
  if (found.kind === 'absent' && files.has(other)) {
    report.warn(wholeFile(other), 'ignored-file', 'not read: its name is not the one that counts', `name it ${path}`);
  }
  return {};
}

function desiredOf(
  { device, revision, salt }: ResolveInput,
  labels: ReturnType<typeof labelsOf>,
  layers: readonly Layer[],
  loaded: readonly LoadedApp[],
  secretFiles: SecretFiles,
): Desired {
  const drift = lastSaidOfDrift(layers, 'default')?.value ?? 'correct';
  const inside = lastSaidOfDrift(layers, 'inside')?.value ?? null;
  const rules = layers.flatMap((layer) => rulesOf(layer.drift));
  const windows = lastSaid(layers, 'windows')?.value ?? [];
  return {
    device,
    revision,
    labels: sortedRecord([...labels].map(([name, { value }]) => [name, value ?? ''])),
    intervalMs: lastSaid(layers, 'interval')?.value ?? null,
    suspend: lastSaid(layers, 'suspend')?.value ?? false,
    secretValues: secretFiles.values(),
    salt,
    origins: originsOf(
      labels,
      layers,
      loaded.map(({ app }) => app),
    ),
    apps: loaded.map(({ app, project }) => ({
      name: app.name,
      drift: app.drift?.value ?? drift,
      dependsOn: [...new Set(app.depends_on.map(({ value }) => value))],
      strategy: app.strategy?.value ?? 'stop-first',
      healthTimeoutMs: app.health_timeout?.value ?? 60_000,
      rollback: app.rollback?.value ?? true,
      suspend: app.suspend?.value ?? false,
      windows: app.windows?.value ?? windows,
      ...gathered([...rules, ...app.rules]),
      insideMs: app.inside?.value ?? inside,
      services: project.services,
      networks: project.networks,
      volumes: project.volumes,
    })),
  };
}

function asksOf({ app, project }: LoadedApp): Ask[] {
  return project.asks.map(({ at, ...ask }) => ({ ...ask, app: app.name, place: locate(at) }));
}
