// Alertmanager's v2 API. It groups, silences and repeats by itself, and forgets what it is not told again: `endsAt` lies a few
// looks ahead, so that a hub that is gone does not leave its alerts burning for ever.
import type { Due } from '../decide.ts';
import type { ConfigOf } from '../receivers.ts';
import { readSecret, readUrl } from '../secrets.ts';
import { wordsOf } from '../words.ts';
import type { Envelope, Sender } from './contract.ts';
import { basic, post } from './post.ts';

/** Five times as long as between two tellings. */
const HOLDS_MS = 5 * 60_000;

export function createAlertmanager(where: string, config: ConfigOf<'alertmanager'>): Sender {
  const read = async () => ({
    url: await readUrl(where, config),
    token: await readSecret(where, 'token', config),
    password: await readSecret(where, 'password', config),
  });
  return {
    check: async () => void (await read()),
    async send(envelope, signal) {
      const { url, token, password } = await read();
      const endpoint = new URL(url);
      if (!endpoint.pathname.endsWith('/api/v2/alerts'))
        endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
      const { username } = config;
      const login = username === undefined ? undefined : basic(username, password ?? '');
      const authorization = token === null ? login : `Bearer ${token}`;
      const headers = authorization === undefined ? {} : { authorization };
      const body = JSON.stringify(envelope.due.map((due) => alertOf(due, envelope)));
      await post({ url: endpoint, body, headers, secrets: [token, password] }, signal);
    },
  };
}

export function alertOf(due: Due, { now, hub, url }: Envelope) {
  const { alert, action } = due;
  const { title, lines } = wordsOf({ ...due, action: action === 'resolved' ? 'resolved' : 'firing' }, now);
  const labels = Object.entries(alert.labels).map(([key, value]) => [labelName(key), value]);
  return {
    // What makes the alert the same one: nothing here may change while it fires.
    labels: { ...Object.fromEntries(labels), alertname: alert.rule, source: 'holdfast' },
    annotations: {
      summary: title.replace(/^\[\w+\] /, ''),
      description: lines.join('\n'),
      devices: String(alert.devices),
      hub,
    },
    startsAt: new Date(alert.since).toISOString(),
    endsAt: new Date(alert.resolved ?? now + HOLDS_MS).toISOString(),
    ...(url === null ? {} : { generatorURL: url }),
  };
}

function labelName(key: string): string {
  return key.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(\d)/, '_$1');
}
