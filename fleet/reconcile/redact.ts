// Values that must not leave the device. Redacted where differences are made, so that no plan, log, event or status
// ever holds them.
import type { Difference, Value } from '../model/plan.ts';
import { looksSecret, maskArguments, maskOptions, maskUrls, maskWords, REDACTED } from '../secret.ts';

/** Fields that hold secrets under names of the user's own. */
const NAMED = ['environment.', 'driver_opts.'] as const;
/** Fields that are command lines. */
const COMMAND = /^(command|entrypoint|healthcheck(\..*)?)$/;

export function redacted(difference: Difference): Difference {
  const field = difference.field ?? '';
  const hide = (value: Value): Value => (value === null ? null : redactedValue(field, value));
  return { ...difference, desired: hide(difference.desired), observed: hide(difference.observed) };
}

function redactedValue(field: string, value: Exclude<Value, null>): Value {
  const prefix = NAMED.find((each) => field.startsWith(each));
  if (prefix !== undefined && looksSecret(field.slice(prefix.length))) return REDACTED;
  if (typeof value !== 'string' && typeof value !== 'object') return value;
  if (COMMAND.test(field)) return typeof value === 'string' ? maskArguments(value) : maskWords(value);
  const mask = prefix === 'driver_opts.' ? maskOptions : maskUrls;
  return typeof value === 'string' ? mask(value) : value.map(mask);
}
