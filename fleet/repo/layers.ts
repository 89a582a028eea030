// Who has a say in what a device runs, one over the other: fleet.yaml, the groups that select the device in the order of the
// file, device.yaml. Values are replaced by the later, variables one by one; lists of an app grow.
import type { Pairs } from '../compose/pairs.ts';
import { type Place, wholeFile } from '../compose/place.ts';
import type { Located } from '../compose/read.ts';
import type { Window } from '../model/window.ts';
import type { AppEntry } from './app-keys.ts';
import { type DriftSettings, type Rule, rulesOf } from './drift-keys.ts';
import { selects } from './selector.ts';
import type { CommonFields, DeviceFields, FleetFields, Group } from './settings.ts';

export interface Layer extends Readonly<Partial<CommonFields>> {
  /** The group's name; null: the file itself. */
  readonly group: string | null;
  /** The folder that paths count from. */
  readonly folder: string;
  readonly suspend?: Located<boolean>;
  readonly apps?: readonly AppEntry[];
}

/** A path as a file has it, and the folder that it counts from. */
export interface PathFrom extends Located<string> {
  readonly from: string;
}

/** Something with the layer that said it. */
export interface Said<T> {
  readonly value: T;
  readonly at: Place;
  readonly group: string | null;
}

/** One app of the device, all entries of its name together. */
export interface AppFields {
  readonly name: string;
  readonly at: Place;
  readonly compose: readonly PathFrom[];
  readonly env: ReadonlyMap<string, Said<string | null>>;
  readonly env_files: readonly PathFrom[];
  /** SOPS files whose values are interpolation variables, marked secret. */
  readonly secrets: readonly PathFrom[];
  readonly profiles: readonly string[];
  readonly depends_on: readonly Located<string>[];
  readonly enabled: Said<boolean> | undefined;
  readonly drift: Said<'correct' | 'warn'> | undefined;
  readonly strategy: Said<'stop-first' | 'start-first'> | undefined;
  /** Milliseconds. */
  readonly health_timeout: Said<number> | undefined;
  readonly rollback: Said<boolean> | undefined;
  readonly suspend: Said<boolean> | undefined;
  readonly windows: Said<readonly Window[]> | undefined;
  /** Rules of this app alone, the short form `ignore` included. */
  readonly rules: readonly Rule[];
  readonly inside: Said<number> | undefined;
  /** Who brought it. */
  readonly from: readonly Said<null>[];
}

/** Labels come from the two files alone: a group cannot change what it is selected by. */
export function labelsOf(
  fleet: Partial<FleetFields>,
  device: Partial<DeviceFields>,
): ReadonlyMap<string, Located<string | null>> {
  return new Map([...(fleet.labels ?? []), ...(device.labels ?? [])]);
}

export function layersOf(
  fleet: Partial<FleetFields>,
  device: Partial<DeviceFields>,
  labels: ReturnType<typeof labelsOf>,
  folder: string,
): Layer[] {
  const values = new Map([...labels].map(([name, { value }]) => [name, value ?? '']));
  const groups = (fleet.groups ?? []).filter(({ selector }) => selects(selector, values));
  return [
    { ...common(fleet), group: null, folder: '' },
    ...groups.map((group): Layer => ({ ...own(group), group: group.name.value, folder: '' })),
    { ...own(device), group: null, folder },
  ];
}

function common({ interval, drift, windows, env }: Partial<CommonFields>): Partial<CommonFields> {
  return { ...(interval && { interval }), ...(drift && { drift }), ...(windows && { windows }), ...(env && { env }) };
}

function own(from: Partial<DeviceFields> | Group): Pick<Layer, keyof CommonFields | 'suspend' | 'apps'> {
  const { suspend, apps } = from;
  return { ...common(from), ...(suspend && { suspend }), ...(apps && { apps }) };
}

/** The last word on a setting; undefined: nobody says anything. */
export function lastSaid<K extends 'interval' | 'suspend' | 'windows'>(
  layers: readonly Layer[],
  key: K,
): Said<NonNullable<Layer[K]>['value']> | undefined {
  const layer = layers.findLast((one) => one[key] !== undefined);
  const found = layer?.[key];
  return layer && found && { ...found, group: layer.group };
}

/** The last word on drift as a whole, or on how often containers are looked into. */
export function lastSaidOfDrift<K extends 'default' | 'inside'>(
  layers: readonly { readonly drift?: DriftSettings; readonly group: string | null }[],
  key: K,
): Said<NonNullable<DriftSettings[K]>['value']> | undefined {
  const layer = layers.findLast((one) => one.drift?.[key] !== undefined);
  const found = layer?.drift?.[key];
  return layer && found && { ...found, group: layer.group };
}

/** Apps in the order in which they are first named. `shared`: the files of an app that names none. */
export function mergeApps(layers: readonly Layer[], shared: (entry: AppEntry) => readonly PathFrom[]): AppFields[] {
  const names = new Set(layers.flatMap(({ apps = [] }) => apps.map(({ name }) => name)));
  return [...names].map((name) => mergeApp(name, layers, shared));
}

interface Entry extends AppEntry {
  readonly layer: Layer;
}

function mergeApp(name: string, layers: readonly Layer[], shared: (entry: AppEntry) => readonly PathFrom[]): AppFields {
  const entries: Entry[] = layers.flatMap((layer) => {
    const found = layer.apps?.find((one) => one.name === name);
    return found === undefined ? [] : [{ ...found, layer }];
  });
  const paths = (key: 'compose' | 'env_files' | 'secrets'): PathFrom[] =>
    entries.flatMap((entry) => (entry[key] ?? []).map((path) => ({ ...path, from: entry.layer.folder })));
  const words = (key: 'profiles' | 'depends_on') => entries.flatMap((entry) => entry[key] ?? []);
  const [first] = entries;
  const enabled = last(entries, 'enabled');
  const isShared = first !== undefined && first.compose === undefined && enabled?.value !== false;
  return {
    name,
    at: entries.at(-1)?.at ?? wholeFile(''),
    compose: [...(isShared ? shared(first) : []), ...paths('compose')],
    env: envOf(name, layers),
    env_files: paths('env_files'),
    secrets: paths('secrets'),
    profiles: words('profiles').map(({ value }) => value),
    depends_on: words('depends_on'),
    from: entries.map(({ at, layer }) => ({ value: null, at, group: layer.group })),
    enabled,
    drift: lastSaidOfDrift(grouped(entries), 'default'),
    inside: lastSaidOfDrift(grouped(entries), 'inside'),
    rules: entries.flatMap(({ drift, ignore }) =>
      rulesOf({ ...drift, ignore: [...(drift?.ignore ?? []), ...(ignore ?? [])] }),
    ),
    strategy: last(entries, 'strategy'),
    health_timeout: last(entries, 'health_timeout'),
    rollback: last(entries, 'rollback'),
    suspend: last(entries, 'suspend'),
    windows: last(entries, 'windows'),
  };
}

function grouped(entries: readonly Entry[]) {
  return entries.map(({ drift, layer }) => ({ ...(drift && { drift }), group: layer.group }));
}

type Scalar = 'enabled' | 'strategy' | 'health_timeout' | 'rollback' | 'suspend' | 'windows';

function last<K extends Scalar>(
  entries: readonly Entry[],
  key: K,
): Said<NonNullable<AppEntry[K]>['value']> | undefined {
  const entry = entries.findLast((one) => one[key] !== undefined);
  const found = entry?.[key];
  return entry && found && { ...found, group: entry.layer.group };
}

/** Each layer's variables for all apps, then those for this one. */
function envOf(name: string, layers: readonly Layer[]): AppFields['env'] {
  const env = new Map<string, Said<string | null>>();
  for (const layer of layers) {
    const own = layer.apps?.find((one) => one.name === name)?.env;
    const all: (Pairs | undefined)[] = [layer.env, own];
    for (const pairs of all) for (const [key, pair] of pairs ?? []) env.set(key, { ...pair, group: layer.group });
  }
  return env;
}
