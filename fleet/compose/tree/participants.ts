// The services of a model that take part, with everything that is no key of a container dealt with: profiles, label files.
import { SERVICE_KEYS } from '../keys/service.ts';
import { SERVICE_NOT_YET } from '../keys/unsupported.ts';
import { type Entry, type MapNode, mapNode, withoutKey } from '../node.ts';
import { readKeys } from '../read.ts';
import { below, type Where } from '../report.ts';
import { type LabelContext, withLabelFiles } from './label-file.ts';
import { selectServices } from './profiles.ts';

/** The model with the services that take part, complete. The others are only checked. */
export function participants(
  model: MapNode,
  profiles: readonly string[],
  where: Where,
  context: LabelContext,
): MapNode {
  const services = model.entries.get('services');
  if (services?.value.kind !== 'map') return model;
  const at = below(where, 'services');
  const { active, inactive } = selectServices(services.value, profiles, at);
  for (const [name, { value }] of inactive) {
    if (value.kind === 'map') readKeys(structureless(value), below(at, name), SERVICE_KEYS, SERVICE_NOT_YET);
  }
  const complete = [...active.values()].map((entry): Entry => {
    if (entry.value.kind !== 'map') return entry;
    const service = withLabelFiles(entry.value, below(at, entry.key), context);
    return { ...entry, value: structureless(service) };
  });
  const value = mapNode(complete, services.value.at);
  return { ...model, entries: new Map([...model.entries, ['services', { ...services, value }]]) };
}

/** Without the keys that are dealt with before a service is read. */
function structureless(service: MapNode): MapNode {
  return ['profiles', 'label_file', 'extends'].reduce(withoutKey, service);
}
