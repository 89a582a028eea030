// What of a device's apps, services and labels is other than it was, so that only that is written again. Pure.
import { hash } from 'node:crypto';
import type { Status } from '../../fleet/wire/messages.ts';
import type { Entry } from './entry.ts';

/** Characters that are kept of each digest: 72 bits. */
const LENGTH = 12;

export interface PartChanges {
  readonly labels: boolean;
  /** Apps, or which services they have. */
  readonly apps: boolean;
  /** How the services are. */
  readonly services: boolean;
}

/** Two digests: of which services there are, and of how they are. Labels and apps are in the entry itself. */
export function partsOf({ apps }: Status): string {
  let names = '';
  let states = '';
  for (const app of apps) {
    names += `/${app.name}`;
    for (const { name, health, image, digest, restarts } of app.services) {
      names += ` ${name}`;
      states += `${health} ${image} ${digest} ${restarts}\n`;
    }
  }
  return digestOf(names) + digestOf(states);
}

export function changedParts(before: Entry | undefined, after: Entry): PartChanges {
  if (before === undefined || before.parts === '') return { labels: true, apps: true, services: true };
  const isSameShape =
    before.parts.startsWith(after.parts.slice(0, LENGTH)) && isSame(before.item.apps, after.item.apps);
  return {
    labels: !isSame(before.item.labels, after.item.labels),
    apps: !isSameShape,
    services: before.parts !== after.parts,
  };
}

function digestOf(text: string): string {
  return hash('md5', text, 'base64').slice(0, LENGTH);
}

/** Of JSON values. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [one, two] = [Object.entries(a), Object.entries(b)];
  return one.length === two.length && one.every(([key, value]) => isSame(value, Reflect.get(b, key)));
}
