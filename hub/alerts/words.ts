// What an alert says to people, the same everywhere: a title, and lines below it. Pure. What devices said is made harmless here.
import { age, plural, safe } from '../cli/text.ts';
import type { Due } from './decide.ts';
import type { Alert } from './model.ts';

const TEXT_CHARS = 200;
/** Labels that the sentence says anyway, or nobody wants to read. */
const SAID = new Set(['rule', 'when', 'severity', 'fleet', 'app', 'field']);

export interface Words {
  readonly title: string;
  readonly lines: readonly string[];
}

export function wordsOf({ alert, action }: Due, now: number): Words {
  const over = action === 'resolved';
  const mark = over ? 'RESOLVED' : alert.severity.toUpperCase();
  const still = action === 'repeated' ? 'still: ' : action === 'grown' ? 'more: ' : '';
  const title = `[${mark}] ${still}${over ? pastOf(alert) : sentenceOf(alert)}${placeOf(alert)}`;
  if (over) {
    const lasted = age((alert.resolved ?? now) - alert.since);
    return { title, lines: [`It lasted ${lasted}; ${plural(alert.most, 'device')} at most.`] };
  }
  const reasons = alert.reasons.map(({ reason, devices }) => `${shorten(reason)}: ${devices}`).join(', ');
  const samples = alert.samples.map(({ device, since, reason, message }) => {
    const why = message === '' ? reason : message;
    return `${safe(device)} for ${age(now - since)}: ${shorten(why)}`;
  });
  const rest = alert.devices - samples.length;
  return {
    title,
    lines: [
      `Since ${iso(alert.since)}${reasons === '' ? '' : `. ${reasons}`}`,
      ...samples,
      ...(rest > 0 ? [`and ${rest} more`] : []),
      ...(alert.silenced > 0 ? [`${plural(alert.silenced, 'device')} of these silenced`] : []),
    ],
  };
}

/** `300 of 1200 devices are offline`. */
export function sentenceOf(alert: Pick<Alert, 'when' | 'devices' | 'of' | 'labels' | 'samples'>): string {
  const [only] = alert.samples;
  const many = alert.devices > 1 ? `${alert.devices} of ${alert.of} devices` : safe(only?.device ?? 'a device');
  return `${many} ${VERBS[alert.when](alert.devices > 1 ? 'many' : 'one', alert)}`;
}

function pastOf(alert: Alert): string {
  return `no longer: ${plural(alert.most, 'device')} ${VERBS[alert.when](alert.most > 1 ? 'many' : 'one', alert)}`;
}

type Number = 'one' | 'many';

const VERBS: { readonly [K in Alert['when']]: (number: Number, alert: Pick<Alert, 'labels'>) => string } = {
  offline: (number) => (number === 'one' ? 'is offline' : 'are offline'),
  degraded: (number) => (number === 'one' ? 'runs badly' : 'run badly'),
  stuck: (number) => `${number === 'one' ? 'does' : 'do'} not get to what Git declares`,
  drift: (number, { labels }) => {
    const what = `${safe(labels.field ?? 'a field')} of ${safe(labels.app ?? 'an app')}`;
    return `${number === 'one' ? 'differs' : 'differ'} from Git in ${what}`;
  },
};

function placeOf({ fleet, labels }: Alert): string {
  const own = Object.entries(labels).filter(([key]) => !SAID.has(key));
  return ` (${[safe(fleet), ...own.map(([key, value]) => `${safe(key)}=${safe(value)}`)].join(', ')})`;
}

function shorten(text: string): string {
  const line = safe(text);
  return line.length <= TEXT_CHARS ? line : `${line.slice(0, TEXT_CHARS - 1)}…`;
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
