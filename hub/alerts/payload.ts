// An alert as data: what a webhook gets, and what the API shows. Pure. Times are ISO 8601 in UTC.
import { createHash } from 'node:crypto';
import type { AlertItem } from '../api/alerts.ts';
import type { Alert } from './model.ts';
import type { Envelope } from './send/contract.ts';
import { sentenceOf, wordsOf } from './words.ts';

export function alertItem(alert: Alert, receivers: readonly string[] = []): AlertItem {
  const { id, rule, when, severity, fleet, labels, devices, most, of, silenced, reasons } = alert;
  return {
    ...{ id, rule, when, severity, fleet, labels: { ...labels }, devices, most, of, silenced },
    state: alert.resolved === null ? 'firing' : 'resolved',
    summary: sentenceOf(alert),
    since: iso(alert.since),
    resolved: alert.resolved === null ? null : iso(alert.resolved),
    silenced_by: [...alert.silencedBy],
    reasons: reasons.map((reason) => ({ ...reason })),
    samples: alert.samples.map((sample) => ({ ...sample, since: iso(sample.since) })),
    receivers: [...receivers],
  };
}

export function webhookBody(envelope: Envelope) {
  const { due, receiver, hub, now, url } = envelope;
  return {
    version: 1,
    /** The same for the same news, so that one that comes twice is seen to. */
    id: idOf(envelope),
    receiver,
    hub,
    ts: iso(now),
    url,
    alerts: due.map((one) => {
      const { receivers: _, ...item } = alertItem(one.alert);
      return { ...item, action: one.action, title: wordsOf(one, now).title };
    }),
  };
}

export function idOf({ receiver, due }: Pick<Envelope, 'receiver' | 'due'>): string {
  const news = due.map(({ alert, action, after }) => [alert.id, action, alert.joined, after]);
  return createHash('sha256')
    .update(JSON.stringify([receiver, news]))
    .digest('hex')
    .slice(0, 32);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
