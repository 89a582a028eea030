// Names without a value (`environment: [KEY]`, a config's `environment: NAME`) are looked up late, with the app's variables.
// An included model has variables of its own, so what it names is looked up here.
import { type Entry, isNull, type MapNode, mapNode, type Node, textNode, withoutKey } from '../node.ts';
import type { Variables } from '../variables/variables.ts';

/** The model with the values of names that only its own variables have. */
export function bound(model: MapNode, variables: Variables): MapNode {
  return eachIn(
    eachIn(model, 'services', (service) => boundService(service, variables)),
    'configs',
    (config) => {
      const name = config.entries.get('environment')?.value;
      const value = name?.kind === 'scalar' ? variables.get(name.text) : undefined;
      if (name === undefined || value === undefined) return config;
      const content: Entry = { key: 'content', keyAt: name.at, value: textNode(value, name.at) };
      return mapNode([...withoutKey(config, 'environment').entries.values(), content], config.at);
    },
  );
}

function boundService(service: MapNode, variables: Variables): MapNode {
  const entry = service.entries.get('environment');
  if (entry === undefined) return service;
  return {
    ...service,
    entries: new Map([...service.entries, ['environment', { ...entry, value: boundNames(entry.value, variables) }]]),
  };
}

function boundNames(environment: Node, variables: Variables): Node {
  if (environment.kind === 'list') {
    const items = environment.items.map((item) => {
      const value = item.kind === 'scalar' && typeof item.value === 'string' ? variables.get(item.value) : undefined;
      return item.kind !== 'scalar' || value === undefined ? item : textNode(`${item.text}=${value}`, item.at);
    });
    return { ...environment, items };
  }
  if (environment.kind !== 'map') return environment;
  const entries = [...environment.entries.values()].map((entry) => {
    const value = isNull(entry.value) ? variables.get(entry.key) : undefined;
    return value === undefined ? entry : { ...entry, value: textNode(value, entry.value.at) };
  });
  return mapNode(entries, environment.at);
}

function eachIn(model: MapNode, section: string, change: (map: MapNode) => MapNode): MapNode {
  const entry = model.entries.get(section);
  if (entry?.value.kind !== 'map') return model;
  const entries = [...entry.value.entries.values()].map((one) => {
    return one.value.kind === 'map' ? { ...one, value: change(one.value) } : one;
  });
  const value = mapNode(entries, entry.value.at);
  return { ...model, entries: new Map([...model.entries, [section, { ...entry, value }]]) };
}
