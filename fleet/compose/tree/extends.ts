// `extends`: a service over the one that it names, of the same file or of another. Everything is inherited; the other file's
// paths count from its own folder. Every service is worked out once, so chains and diamonds cost what they are long.
import { folderOf } from '../files.ts';
import { findNamed } from '../named-file.ts';
import { didYouMean } from '../nearest.ts';
import { describe, type Entry, isNull, type MapNode, mapOf, type Node, withoutKey } from '../node.ts';
import type { Place } from '../place.ts';
import { type Located, locatedReader, missingKey, readKeys } from '../read.ts';
import { below, shown, type Where, wrong } from '../report.ts';
import { readName } from '../scalars.ts';
import type { Loading, Origin } from './loading.ts';
import { cleaned, mergeMaps } from './merge.ts';
import { rebaseService } from './rebase.ts';

/** Longest chain of services that extend each other. */
const MAX_CHAIN = 64;

/** The services that a name may mean: those of one file. */
interface Scope {
  readonly file: string;
  /** Where its relative paths count from. */
  readonly folder: string;
  readonly services: ReadonlyMap<string, Entry>;
  readonly done: Map<string, Resolved>;
}

interface Resolved {
  readonly service: Node;
  /** How many services it extends, one after the other. */
  readonly chain: number;
}

interface Context extends Origin {
  readonly loading: Loading;
  readonly scopes: Map<string, Scope | undefined>;
  readonly root: Where;
}

/** The layer with every service complete. */
export function applyExtends(layer: MapNode, file: string, origin: Origin, loading: Loading): MapNode {
  const services = layer.entries.get('services');
  if (services?.value.kind !== 'map') return layer;
  const root: Where = { path: 'services', report: loading.report };
  const context: Context = { ...origin, loading, scopes: new Map(), root };
  const scope: Scope = { file, folder: origin.folder, services: services.value.entries, done: new Map() };
  const entries = [...scope.services.values()].map((entry): [string, Entry] => {
    return [entry.key, { ...entry, value: resolve(entry, scope, [], context).service }];
  });
  const value: MapNode = { ...services.value, entries: new Map(entries) };
  return { ...layer, entries: new Map([...layer.entries, ['services', { ...services, value }]]) };
}

type Trail = readonly { readonly scope: Scope; readonly name: string }[];

function resolve(entry: Entry, scope: Scope, trail: Trail, context: Context): Resolved {
  const name = entry.key;
  const known = scope.done.get(name);
  if (known !== undefined) return known;
  const reference = entry.value.kind === 'map' ? entry.value.entries.get('extends') : undefined;
  if (entry.value.kind !== 'map' || reference === undefined) return { service: entry.value, chain: 0 };
  const own = withoutKey(entry.value, 'extends');
  const where = below(below(context.root, name), 'extends');
  const result = isNull(reference.value)
    ? { service: own, chain: 0 }
    : extended(own, reference.value, where, { scope, name }, trail, context);
  scope.done.set(name, result);
  return result;
}

function extended(
  own: MapNode,
  reference: Node,
  where: Where,
  self: Trail[number],
  trail: Trail,
  context: Context,
): Resolved {
  const alone: Resolved = { service: own, chain: 0 };
  const target = readReference(reference, where);
  const scope = target && (target.file === undefined ? self.scope : otherFile(target.file, where, self.scope, context));
  if (target === undefined || scope === undefined) return alone;
  const { value: name, at } = target.service;
  const path = [...trail, self];
  if (path.some((one) => one.scope.file === scope.file && one.name === name)) {
    const chain = [...path, { scope, name }].map((one) => `${shown(one.name)} (${shown(one.scope.file)})`);
    wrong(where, at, 'cycle', `services extend each other: ${chain.join(' → ')}`, 'remove one of these');
    return alone;
  }
  const entry = scope.services.get(name);
  if (entry === undefined) return unknownService(name, scope, self, at, where) ?? alone;
  if (path.length > MAX_CHAIN) return tooLong(at, where) ?? alone;
  const base = resolve(entry, scope, path, context);
  if (base.chain >= MAX_CHAIN) return tooLong(at, where) ?? alone;
  if (!context.loading.spend(base.service, at, where)) return alone;
  const inherited = rebaseService(cleaned(mapOf(base.service)), scope.folder, self.scope.folder);
  const service = mergeMaps(inherited, own, ['services', self.name], below(context.root, self.name));
  return { service, chain: base.chain + 1 };
}

function unknownService(name: string, scope: Scope, self: Trail[number], at: Place, where: Where): undefined {
  const names = [...scope.services.keys()].filter((one) => scope !== self.scope || one !== self.name);
  const hint = didYouMean(name, names) ?? 'a service of another file is named with file and service';
  return wrong(where, at, 'undefined-service', `${shown(scope.file)} has no service "${shown(name)}"`, hint);
}

function tooLong(at: Place, where: Where): undefined {
  return wrong(where, at, 'too-deep', `more than ${MAX_CHAIN} services extend each other`);
}

interface Reference {
  readonly service: Located<string>;
  readonly file?: Located<string>;
}

function readReference(node: Node, where: Where): Reference | undefined {
  if (node.kind === 'scalar') {
    const name = locatedReader(readName)(node, where);
    return name && { service: name };
  }
  if (node.kind === 'list') {
    return wrong(where, node.at, 'type', `has to be a service, not ${describe(node)}`, 'write {file: …, service: …}');
  }
  const fields = readKeys<{ service: Located<string>; file: Located<string> }>(node, where, {
    service: locatedReader(readName),
    file: locatedReader(readName),
  });
  if (fields?.service === undefined) {
    return missingKey(node, where, 'service', 'add service: the name of the service to extend');
  }
  return { service: fields.service, ...(fields.file === undefined ? {} : { file: fields.file }) };
}

/** The services of another file, as they stand there. undefined: it is not there, which was reported or is to be loaded. */
function otherFile({ value, at }: Located<string>, where: Where, from: Scope, context: Context): Scope | undefined {
  const found = findNamed(value, at, below(where, 'file'), from.folder, context.loading.files);
  if (found === undefined) return undefined;
  if (!context.scopes.has(found.path)) context.scopes.set(found.path, scopeOf(found, context));
  return context.scopes.get(found.path);
}

type Found = NonNullable<ReturnType<typeof findNamed>>;

function scopeOf(file: Found, { loading, variables, root }: Context): Scope {
  const where: Where = { ...root, path: '' };
  const [first, ...others] = loading.layers(file, variables);
  const tree = others.reduce<MapNode | undefined>((base, over) => {
    return base && loading.spend(base, over.at, where) ? mergeMaps(cleaned(base), over, [], where) : base;
  }, first);
  const services = tree?.entries.get('services')?.value;
  return {
    file: file.path,
    folder: folderOf(file.path),
    services: services?.kind === 'map' ? services.entries : new Map(),
    done: new Map(),
  };
}
