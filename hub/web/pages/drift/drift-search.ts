// Which open differences a text finds. Pure.
import type { DriftItem } from '../../../api/schemas.ts';
import { driftSides } from '../../words/value.ts';

/** Every word has to occur in the device, resource, field, kind, revision, or a value. */
export function findDrift(items: readonly DriftItem[], text: string): readonly DriftItem[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((item) => {
    const { declared, live } = driftSides(item);
    const all = [item.device, item.resource, item.field ?? '', item.kind, item.revision ?? '', declared, live];
    const found = all.join('\n').toLowerCase();
    return words.every((word) => found.includes(word));
  });
}
