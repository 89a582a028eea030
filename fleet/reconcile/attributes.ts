// Every attribute that is compared, and what follows from the whole table.
import { createHmac } from 'node:crypto';
import type { ContainerCreate } from '../engine/create.ts';
import type { EngineMount } from '../engine/inspect.ts';
import type { EngineInfo } from '../model/observed.ts';
import type { Fields } from '../model/plan.ts';
import type { Service } from '../model/service.ts';
import { LABEL } from '../names.ts';
import type { Attribute, Declaration, Live } from './attribute.ts';
import { CPU } from './attributes/cpu.ts';
import { DEVICES } from './attributes/devices.ts';
import { LINKS } from './attributes/links.ts';
import { MEMORY } from './attributes/memory.ts';
import { MOUNTS } from './attributes/mounts.ts';
import { NAMES } from './attributes/names.ts';
import { NAMESPACES } from './attributes/namespaces.ts';
import { NETWORKING } from './attributes/networking.ts';
import { PROCESS } from './attributes/process.ts';
import { SECURITY } from './attributes/security.ts';
import { SURROUNDINGS } from './attributes/surroundings.ts';

export const ATTRIBUTES: readonly Attribute[] = [
  ...PROCESS,
  ...SURROUNDINGS,
  ...MEMORY,
  ...CPU,
  ...SECURITY,
  ...DEVICES,
  ...NAMESPACES,
  ...MOUNTS,
  ...NETWORKING,
  ...LINKS,
  ...NAMES,
];

/** The attribute that a field belongs to: `environment` for `environment.TZ`; undefined when nothing compares it. */
export function attributeOf(field: string): Attribute | undefined {
  for (let end = field.length; end > 0; end = field.lastIndexOf('.', end - 1)) {
    const attribute = BY_NAME.get(field.slice(0, end));
    if (attribute !== undefined) return attribute;
  }
  return undefined;
}

const BY_NAME: ReadonlyMap<string, Attribute> = new Map(ATTRIBUTES.map((attribute) => [attribute.name, attribute]));

/** Everything that the file sets for a service. */
export function declaredFields(declaration: Declaration): Fields {
  const { device, app, service, paths, salt } = declaration;
  const known = DECLARED.get(service);
  const same =
    known?.of.app === app && known.of.paths === paths && known.of.salt === salt && known.of.device === device;
  if (same) return known.fields;
  const fields = Object.assign({}, ...ATTRIBUTES.map((attribute) => attribute.declared(declaration))) as Fields;
  DECLARED.set(service, { of: declaration, fields });
  return fields;
}

/** A declaration means the same each time; every cycle asks, and commits are rare. */
const DECLARED = new WeakMap<Service, { readonly of: Declaration; readonly fields: Fields }>();

/** Everything that a container has. */
export function liveFields(live: Live): Fields {
  return Object.assign({}, ...ATTRIBUTES.map((attribute) => attribute.live(live)), live.reported) as Fields;
}

/** The body that creates a service's container; `inherited` anonymous volumes are mounted where nothing else is declared. */
export function createBody(
  declaration: Declaration,
  inherited: readonly EngineMount[],
  engine: EngineInfo,
): ContainerCreate {
  const { app, device, service } = declaration;
  const body: ContainerCreate = { Image: service.image, HostConfig: {} };
  for (const attribute of ATTRIBUTES) attribute.create(declaration, body, engine);
  body.Labels = {
    ...body.Labels,
    [LABEL.device]: device,
    [LABEL.app]: app.name,
    [LABEL.service]: service.name,
    [LABEL.spec]: specOf(declaration),
    [LABEL.composeProject]: app.name,
    [LABEL.composeService]: service.name,
    [LABEL.composeNumber]: String(service.number),
  };
  const declared = new Set(service.mounts.map(({ target }) => target));
  body.HostConfig.Mounts = withInherited(body.HostConfig.Mounts ?? [], inherited, declared);
  return body;
}

/** A short name for what was declared: two containers that have it in common are of one specification. */
export function specOf(declaration: Declaration): string {
  const canonical = JSON.stringify(Object.entries(declaredFields(declaration)).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHmac('sha256', declaration.salt).update(canonical).digest('hex').slice(0, 16);
}

function withInherited(
  mounts: readonly EngineMount[],
  inherited: readonly EngineMount[],
  declared: ReadonlySet<string>,
): EngineMount[] {
  const anonymous = new Map(inherited.map((mount) => [mount.Target, mount]));
  const kept = mounts.map((mount) =>
    mount.Type === 'volume' && mount.Source === undefined ? (anonymous.get(mount.Target) ?? mount) : mount,
  );
  return [...kept, ...inherited.filter(({ Target }) => !declared.has(Target))];
}
