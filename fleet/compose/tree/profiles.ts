// Profiles: which services take part. One that has none always does; one that has some, when any of them is active. What is
// needed by a service that takes part has to take part too.
import { describe, type Entry, isNull, type MapNode, mapNode, type Node } from '../node.ts';
import { oneOrMoreReader } from '../read.ts';
import { below, itemOf, shown, type Where, wrong } from '../report.ts';
import { readName } from '../scalars.ts';

/** The variable that names active profiles, separated by commas. */
export const PROFILES_VARIABLE = 'COMPOSE_PROFILES';

/** Stands for all of them. */
const ALL = '*';

export interface Selected {
  /** The services that take part, without what they optionally need of the others. */
  readonly active: ReadonlyMap<string, Entry>;
  readonly inactive: ReadonlyMap<string, Entry>;
}

/** `where` is `services`. */
export function selectServices(services: MapNode, profiles: readonly string[], where: Where): Selected {
  const active = new Map<string, Entry>();
  const inactive = new Map<string, Entry>();
  const named = new Map<string, readonly string[]>();
  for (const [name, entry] of services.entries) {
    const own = profilesOf(entry.value, below(where, name));
    const takesPart = own.length === 0 || profiles.includes(ALL) || own.some((profile) => profiles.includes(profile));
    (takesPart ? active : inactive).set(name, entry);
    if (!takesPart) named.set(name, own);
  }
  if (inactive.size > 0) {
    for (const [name, entry] of active) active.set(name, withoutInactive(entry, named, below(where, name)));
  }
  return { active, inactive };
}

function profilesOf(service: Node, where: Where): readonly string[] {
  const entry = service.kind === 'map' ? service.entries.get('profiles') : undefined;
  if (entry === undefined || isNull(entry.value)) return [];
  const at = below(where, 'profiles');
  if (entry.value.kind !== 'list') {
    wrong(at, entry.value.at, 'type', `has to be a list, not ${describe(entry.value)}`, 'write ["name"]');
    return [];
  }
  return oneOrMoreReader(readName)(entry.value, at) ?? [];
}

/** By the name of a service: the profiles that would make it take part. */
type Inactive = ReadonlyMap<string, readonly string[]>;

/** The service without what it has of inactive ones. What it cannot do without is reported. */
function withoutInactive(entry: Entry, inactive: Inactive, where: Where): Entry {
  const { value } = entry;
  if (value.kind !== 'map') return entry;
  const entries = [...value.entries.values()].flatMap((own) => {
    const kept = filtered(own, inactive, below(where, own.key));
    return kept === undefined ? [] : [{ ...own, value: kept }];
  });
  return { ...entry, value: mapNode(entries, value.at) };
}

/** Keys whose value is `service:NAME`, among others. */
const NAMESPACES: readonly string[] = ['network_mode', 'ipc', 'pid'];
/** Keys whose items begin with the name of a service. */
const NAMES: readonly string[] = ['links', 'volumes_from'];

function filtered({ key, value }: Entry, inactive: Inactive, where: Where): Node | undefined {
  if (key === 'depends_on') return dependencies(value, inactive, where);
  if (NAMESPACES.includes(key)) {
    const name = value.kind === 'scalar' ? /^service:(.*)$/s.exec(value.text)?.[1] : undefined;
    return isNeeded(name, value, inactive, where) ? undefined : value;
  }
  if (!NAMES.includes(key) || value.kind !== 'list') return value;
  const items = value.items.filter((item, index) => {
    const name = item.kind === 'scalar' ? item.text.split(':')[0] : undefined;
    return !isNeeded(name, item, inactive, itemOf(where, index));
  });
  return { ...value, items };
}

function dependencies(value: Node, inactive: Inactive, where: Where): Node {
  if (value.kind === 'list') {
    const items = value.items.filter((item, index) => {
      return !isNeeded(item.kind === 'scalar' ? item.text : undefined, item, inactive, itemOf(where, index));
    });
    return { ...value, items };
  }
  if (value.kind !== 'map') return value;
  const entries = [...value.entries.values()].filter((entry) => {
    if (!inactive.has(entry.key)) return true;
    if (isOptional(entry.value)) return false;
    return !isNeeded(entry.key, { ...entry.value, at: entry.keyAt }, inactive, where);
  });
  return mapNode(entries, value.at);
}

function isOptional(dependency: Node): boolean {
  const required = dependency.kind === 'map' ? dependency.entries.get('required')?.value : undefined;
  return required?.kind === 'scalar' && String(required.value).toLowerCase() === 'false';
}

/** Is it an inactive service? Says so. */
function isNeeded(name: string | undefined, { at }: Node, inactive: Inactive, where: Where): boolean {
  const profiles = name === undefined ? undefined : inactive.get(name);
  if (name === undefined || profiles === undefined) return false;
  const list = profiles.map((profile) => `"${shown(profile)}"`).join(' or ');
  const what = `the service "${shown(name)}" only takes part with the profile ${list}, which is not active`;
  wrong(where, at, 'inactive-service', what, `activate it with ${PROFILES_VARIABLE}, or give both services the same`);
  return true;
}
