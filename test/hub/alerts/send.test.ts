// Each kind of receiver against a server on this machine that keeps the bytes.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Due } from '../../../hub/alerts/decide.ts';
import { waysOf } from '../../../hub/alerts/destinations.ts';
import { receiverSchema } from '../../../hub/alerts/receivers.ts';
import { discordBody, ntfyBody, slackBody } from '../../../hub/alerts/send/chat.ts';
import { type Envelope, SendError } from '../../../hub/alerts/send/contract.ts';
import { makeCertificates } from '../../agent/mqtt/mosquitto.ts';
import { type Catcher, startCatcher } from '../../support/catcher.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';
import { type SmtpServer, startSmtp } from '../../support/smtp.ts';
import { alert, min } from './sample.ts';

let folder: TemporaryFolder;
let server: Catcher;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startCatcher();
  makeCertificates(folder.path);
});
beforeEach(() => {
  server.caught.length = 0;
  server.answer = { status: 200 };
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const due = (changes: Partial<Due> = {}): Due => ({ alert: alert(), action: 'firing', after: null, ...changes });
const envelope = (changes: Partial<Envelope> = {}): Envelope => ({
  ...{ receiver: 'ops', due: [due()], now: min(20), hub: 'hub-1', url: 'https://hub.example.com' },
  ...changes,
});
const secretFile = async (text: string) => {
  const file = join(folder.path, `secret-${Math.random()}`);
  await writeFile(file, `${text}\n`);
  return file;
};
const senderOf = (config: object) => {
  const [way] = waysOf({ ops: receiverSchema.parse(config) });
  if (way === undefined) throw new Error('no way');
  return way.sender;
};
const send = (config: object, changes: Partial<Envelope> = {}, signal = AbortSignal.timeout(5_000)) =>
  senderOf(config).send(envelope(changes), signal);
const json = (text: string | undefined) => JSON.parse(text ?? 'null') as unknown;

describe('a webhook', () => {
  test('gets the alerts as JSON, signed over time and body', async () => {
    const [url_file, secret_file] = [await secretFile(`${server.url}/in?k=1`), await secretFile('hush')];
    await send({ webhook: { url_file, secret_file } });
    const [got] = server.caught;
    expect(got).toMatchObject({ method: 'POST', path: '/in?k=1', headers: { 'content-type': 'application/json' } });
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(got?.headers['holdfast-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', 'hush').update(`${t}.${got?.body}`).digest('hex'));
    expect(Number(t)).toBe(min(20) / 1000);
    expect(json(got?.body)).toMatchObject({
      version: 1,
      id: got?.headers['idempotency-key'],
      receiver: 'ops',
      hub: 'hub-1',
      url: 'https://hub.example.com',
      alerts: [
        {
          ...{ id: 7, action: 'firing', state: 'firing', rule: 'offline', severity: 'warning', fleet: 'acme' },
          title: '[WARNING] 300 of 1200 devices are offline (acme)',
          ...{ devices: 300, of: 1200, since: '2026-03-01T12:15:00.000Z', resolved: null },
          samples: [{ device: 'edge-01', since: '2026-03-01T12:00:00.000Z' }],
        },
      ],
    });
  });

  test('gets the same id for the same news only', async () => {
    const ids = async (...news: Partial<Due>[]) => {
      server.caught.length = 0;
      for (const one of news)
        await send({ webhook: { url: server.url } }, { due: [due(one)], now: min(news.indexOf(one)) });
      return new Set(server.caught.map(({ headers }) => headers['idempotency-key'])).size;
    };
    expect(await ids({}, { action: 'firing' })).toBe(1);
    expect(
      await ids({}, { action: 'repeated', after: 1 }, { action: 'repeated', after: 2 }, { action: 'resolved' }),
    ).toBe(4);
  });

  test('without a secret is not signed', async () => {
    await send({ webhook: { url: server.url } });
    expect(server.caught[0]?.headers).not.toHaveProperty('holdfast-signature');
  });
});

describe('a receiver that refuses', () => {
  const url = () => `${server.url}/services/T000/hidden-part`;
  test.each([
    [{ status: 500 }, 'answered 500', null],
    [{ status: 404, body: 'no_team at /services/T000/hidden-part' }, 'answered 404: no_team at …', null],
    [{ status: 429, headers: { 'retry-after': '2' } }, 'answered 429', 2_000],
    [{ status: 301, headers: { location: '/elsewhere' } }, 'answered 301', null],
    [{ status: 403, body: '<html>long</html>' }, 'answered 403', null],
  ])('%j', async (answer, message, retryAfterMs) => {
    server.answer = answer;
    const failed = await send({ slack: { url: url() } }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(SendError);
    expect(failed).toMatchObject({ message, retryAfterMs });
    expect(server.caught).toHaveLength(1);
  });

  test('or does not answer, or is not there, is an error without its address', async () => {
    server.answer = null;
    await expect(send({ slack: { url: url() } }, {}, AbortSignal.timeout(100))).rejects.toThrow(/^no answer in time$/);
    const gone = await startCatcher();
    await gone[Symbol.asyncDispose]();
    await expect(send({ slack: { url: `${gone.url}/hidden` } })).rejects.toThrow(/^cannot be reached: ECONNREFUSED$/);
  });
});

test.each([
  [{ slack: { url: 'not an address' } }, /alerts\.receivers\.ops\.slack\.url: that is no address/],
  [{ slack: {} }, /slack: url_file is missing/],
  [{ slack: { url: 'http://hidden', url_file: '/x' } }, /slack: give url or url_file, not both$/],
  [{ slack: { url: 'ftp://hidden' } }, /^((?!hidden).)*$/s],
  [{ slack: { url_file: '/nowhere/url' } }, /slack\.url_file: cannot read \/nowhere\/url: there is no such file/],
  [{ webhook: { url: 'http://x', secret_file: '/nowhere/s' } }, /webhook\.secret_file: cannot read/],
  [
    { email: { host: 'x', from: 'a@b', to: ['a@b'], password_file: '/nowhere/p' } },
    /email\.password_file: cannot read/,
  ],
])('%j is found to be wrong before anything is sent', async (config, said) => {
  await expect(senderOf(config).check()).rejects.toThrow(said);
});

const hostile = alert({
  severity: 'critical',
  devices: 2,
  of: 3,
  samples: [
    {
      device: 'edge-01',
      since: min(0),
      reason: 'x',
      message: '<!channel> @everyone [a](http://b) *b* `c` & \u202e\u0007',
    },
    { device: 'edge-02', since: min(5), reason: 'x', message: 'y'.repeat(5_000) },
  ],
});

test('Slack gets a text and an attachment in colour, in which nothing mentions or links', async () => {
  await send({ slack: { url: `${server.url}/services/T/B/x` } }, { due: [due({ alert: hostile })] });
  expect(server.caught[0]?.path).toBe('/services/T/B/x');
  expect(json(server.caught[0]?.body)).toMatchObject({
    text: '[CRITICAL] 2 of 3 devices are offline (acme)',
    attachments: [{ color: '#e01e5a', title_link: 'https://hub.example.com', mrkdwn_in: [] }],
  });
  const [attachment] = slackBody(envelope({ due: [due({ alert: hostile })] })).attachments;
  expect(attachment?.text).toContain('edge-01 for 20m: &lt;!channel&gt; @everyone [a](http://b) *b* `c` &amp; \n');
  expect(attachment?.text.length).toBeLessThanOrEqual(3_000);
});

test('Discord gets an embed in colour, in which nothing mentions, links or formats', async () => {
  await send({ discord: { url: `${server.url}/api/webhooks/1/t` } }, { due: [due({ alert: hostile })] });
  const body = discordBody(envelope({ due: [due({ alert: hostile })] }));
  expect(json(server.caught[0]?.body)).toEqual(body);
  expect(body).toMatchObject({ allowed_mentions: { parse: [] }, embeds: [{ color: 0xe01e5a }] });
  expect(body.embeds[0]?.description).toContain(
    '\\<!channel\\> @\u200beveryone \\[a\\]\\(http://b\\) \\*b\\* \\`c\\`'.replace('\\<', '<'),
  );
  const twenty = discordBody(envelope({ due: Array.from({ length: 20 }, () => due({ alert: hostile })) }));
  expect(twenty.embeds).toHaveLength(10);
  const sizes = twenty.embeds.map(({ title, description }) => title.length + description.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(6_000);
});

test('ntfy gets the topic, a priority and tags, with the token', async () => {
  await send({ ntfy: { url: `${server.url}/base/fleet-alerts`, token_file: await secretFile('tk_1') } });
  expect(server.caught[0]).toMatchObject({ path: '/base', headers: { authorization: 'Bearer tk_1' } });
  expect(json(server.caught[0]?.body)).toMatchObject({
    topic: 'fleet-alerts',
    title: '[WARNING] 300 of 1200 devices are offline (acme)',
    priority: 4,
    tags: ['warning'],
    click: 'https://hub.example.com',
  });
  const over = ntfyBody(envelope({ due: [due({ action: 'resolved', alert: alert({ resolved: min(30) }) })] }));
  expect(over).toMatchObject({
    title: '[RESOLVED] no longer: 300 devices are offline (acme)',
    message: 'It lasted 15m; 300 devices at most.',
    tags: ['white_check_mark'],
  });
  const long = ntfyBody(envelope({ due: Array.from({ length: 20 }, () => due({ alert: hostile })) }));
  expect(Buffer.byteLength(long.message)).toBeLessThanOrEqual(4_096);
});

describe('e-mail', () => {
  const open = async (work: (smtp: SmtpServer) => Promise<void>, options: Parameters<typeof startSmtp>[0] = {}) => {
    await using smtp = await startSmtp(options);
    await work(smtp);
  };
  const pem = () => ({
    key: readFileSync(join(folder.path, 'server.key'), 'utf8'),
    cert: readFileSync(join(folder.path, 'server.pem'), 'utf8'),
  });
  const mail = (smtp: SmtpServer, more: object) => ({
    email: {
      host: '127.0.0.1',
      port: smtp.port,
      from: 'hub@acme.example',
      to: ['ops@acme.example', 'b@acme.example'],
      ...more,
    },
  });

  test('goes over STARTTLS, with a login, as text that belongs to one thread', () =>
    open(
      async (smtp) => {
        const more = { ca_file: join(folder.path, 'ca.pem'), username: 'hub', password_file: await secretFile('pw') };
        await send(mail(smtp, more));
        await send(mail(smtp, more), {
          due: [due({ action: 'resolved', alert: alert({ resolved: min(30) }) })],
        });
        const [first, second] = smtp.mails;
        expect(first).toMatchObject({
          ...{ from: 'hub@acme.example', to: ['ops@acme.example', 'b@acme.example'], tls: true, login: 'hub:pw' },
        });
        const header = (data: string | undefined, name: string) =>
          new RegExp(`^${name}: (.*)$`, 'mi').exec(data ?? '')?.[1];
        expect(header(first?.data, 'subject')).toBe('[WARNING] 300 of 1200 devices are offline (acme)');
        expect(header(first?.data, 'auto-submitted')).toBe('auto-generated');
        expect(first?.data).toContain('and 299 more');
        expect(first?.data).toContain('-- \r\nSent by the Holdfast hub hub-1: https://hub.example.com');
        expect(header(second?.data, 'subject')).toMatch(/^\[RESOLVED\] no longer/);
        expect(header(second?.data, 'in-reply-to')).toBe(header(first?.data, 'message-id'));
        expect(header(second?.data, 'message-id')).not.toBe(header(first?.data, 'message-id'));
      },
      { tls: pem() },
    ));

  test('never goes in the clear unless that is asked for', () =>
    open(async (smtp) => {
      await expect(send(mail(smtp, {}))).rejects.toThrow(SendError);
      expect(smtp.mails).toEqual([]);
      await send(mail(smtp, { tls: 'none' }));
      expect(smtp.mails).toMatchObject([{ tls: false, login: null }]);
    }));

  test('to a server that nobody vouches for does not go', () =>
    open(
      async (smtp) => {
        await expect(send(mail(smtp, {}))).rejects.toThrow(SendError);
        expect(smtp.mails).toEqual([]);
      },
      { tls: pem() },
    ));

  test('that is refused says why', () =>
    open(
      async (smtp) => {
        await expect(send(mail(smtp, { tls: 'none' }))).rejects.toThrow(/550 no such mailbox/);
      },
      { rcpt: '550 no such mailbox' },
    ));

  test('has nothing of a device in its headers but one harmless line', () =>
    open(async (smtp) => {
      const evil = alert({
        devices: 1,
        samples: [{ device: 'a\r\nBcc: x@y', since: min(0), reason: 'x\r\n.\r\nMAIL', message: '' }],
      });
      await send(mail(smtp, { tls: 'none' }), { due: [due({ alert: evil })] });
      expect(smtp.mails).toHaveLength(1);
      expect(smtp.mails[0]?.data).not.toMatch(/^Bcc:/m);
      expect(smtp.mails[0]?.to).toHaveLength(2);
    }));
});
