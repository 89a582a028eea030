// Values that must not leave the device. Redacted where differences are made, so that no plan, log, event or status
// ever holds them.
import type { Hide } from '../mask.ts';
import type { Difference, Value } from '../model/plan.ts';
import { looksSecret, maskArguments, maskOptions, maskUrls, maskWords, REDACTED } from '../secret.ts';

import { sameValue } from './attribute.ts';

/** Fields that hold secrets under names of the user's own. */
const NAMED = ['environment.', 'driver_opts.', 'labels.', 'annotations.', 'logging.options.', 'ipam.options.'] as const;
/** Fields that are command lines, or settings written like their words: `token=x`. */
const COMMAND = /^(command|entrypoint|healthcheck(\..*)?|networks\..*|device_requests)$/;

/** By the names of fields, and by value: `hide` knows those of secrets. */
export function redacted(difference: Difference, hide: Hide): Difference {
  const field = difference.field ?? '';
  const byName = (value: Value): Value => (value === null ? null : redactedValue(field, value));
  const [desired, observed] = [byName(difference.desired), byName(difference.observed)];
  const [wanted, found] = [withoutValues(desired, hide), withoutValues(observed, hide)];
  // A field that holds a secret held another one before it was rotated, which nobody remembers.
  const secret = !sameValue(wanted, desired) && found !== null;
  return { ...difference, desired: wanted, observed: secret ? REDACTED : found };
}

function withoutValues(value: Value, hide: Hide): Value {
  if (typeof value === 'string') return hide(value);
  return typeof value === 'object' && value !== null ? value.map(hide) : value;
}

function redactedValue(field: string, value: Exclude<Value, null>): Value {
  const prefix = NAMED.find((each) => field.startsWith(each));
  if (prefix !== undefined && looksSecret(field.slice(prefix.length))) return REDACTED;
  if (typeof value !== 'string' && typeof value !== 'object') return value;
  if (COMMAND.test(field)) return typeof value === 'string' ? maskArguments(value) : maskWords(value);
  const mask = prefix === 'driver_opts.' ? maskOptions : maskUrls;
  return typeof value === 'string' ? mask(value) : value.map(mask);
}
