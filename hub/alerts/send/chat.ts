// Slack, Discord and ntfy: one message each, in their own markup, with nothing in it that could mention, link or format by itself.
import type { Due } from '../decide.ts';
import type { ConfigOf } from '../receivers.ts';
import { readSecret, readUrl } from '../secrets.ts';
import { type Words, wordsOf } from '../words.ts';
import type { Envelope, Sender } from './contract.ts';
import { post } from './post.ts';

/** Slack shows no more of a text, Discord takes no more in all, ntfy makes a file of more. */
const SLACK_CHARS = 3_000;
const DISCORD_EMBEDS = 10;
const DISCORD_TITLE = 250;
const DISCORD_CHARS = 5_500;
const NTFY_BYTES = 3_500;

type Colour = 'good' | 'info' | 'warning' | 'critical';
const SLACK_COLOURS = { good: '#2eb67d', info: '#36a3f7', warning: '#ecb22e', critical: '#e01e5a' };
const DISCORD_COLOURS = { good: 0x2eb67d, info: 0x36a3f7, warning: 0xecb22e, critical: 0xe01e5a };
const NTFY_TAGS = {
  good: 'white_check_mark',
  info: 'information_source',
  warning: 'warning',
  critical: 'rotating_light',
};
const NTFY_PRIORITIES = { good: 3, info: 2, warning: 4, critical: 5 };

export function createSlack(where: string, config: ConfigOf<'slack'>): Sender {
  return {
    check: async () => void (await readUrl(where, config)),
    async send(envelope, signal) {
      await post({ url: await readUrl(where, config), body: JSON.stringify(slackBody(envelope)) }, signal);
    },
  };
}

export function slackBody({ due, now, url }: Envelope) {
  return {
    // What notifications show; the attachments say the same in full.
    text: escapeSlack(headline(due, now)),
    attachments: due.map((one) => {
      const { title, lines } = wordsOf(one, now);
      const link = url === null ? {} : { title_link: url };
      const text = cut(escapeSlack(lines.join('\n')), SLACK_CHARS);
      return {
        color: SLACK_COLOURS[colourOf(one)],
        title: escapeSlack(title),
        ...link,
        text,
        fallback: escapeSlack(title),
        mrkdwn_in: [],
      };
    }),
  };
}

function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function createDiscord(where: string, config: ConfigOf<'discord'>): Sender {
  return {
    check: async () => void (await readUrl(where, config)),
    async send(envelope, signal) {
      await post({ url: await readUrl(where, config), body: JSON.stringify(discordBody(envelope)) }, signal);
    },
  };
}

export function discordBody({ due, now, url }: Envelope) {
  const shown = due.slice(0, DISCORD_EMBEDS);
  const each = Math.floor(DISCORD_CHARS / shown.length) - DISCORD_TITLE;
  const rest = due.slice(shown.length).map((one) => wordsOf(one, now).title);
  return {
    ...(rest.length === 0 ? {} : { content: cut(escapeMarkdown(['Further:', ...rest].join('\n')), 1_900) }),
    embeds: shown.map((one) => {
      const { title, lines } = wordsOf(one, now);
      return {
        title: cut(escapeMarkdown(title), DISCORD_TITLE),
        ...(url === null ? {} : { url }),
        description: cut(escapeMarkdown(lines.join('\n')), Math.max(each, 100)),
        color: DISCORD_COLOURS[colourOf(one)],
        timestamp: new Date(one.alert.resolved ?? one.alert.since).toISOString(),
      };
    }),
    allowed_mentions: { parse: [] },
  };
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_~`|>#[\]()]/g, '\\$&').replaceAll('@', '@\u200b');
}

export function createNtfy(where: string, config: ConfigOf<'ntfy'>): Sender {
  const read = async () => ({ url: await readUrl(where, config), token: await readSecret(where, 'token', config) });
  return {
    check: async () => void (await read()),
    async send(envelope, signal) {
      const { url, token } = await read();
      // JSON goes to the server itself, which takes the topic from it.
      const topic = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
      const server = new URL(url);
      server.pathname = server.pathname.split('/').slice(0, -1).join('/') || '/';
      const headers = token === null ? {} : { authorization: `Bearer ${token}` };
      const body = JSON.stringify({ topic, ...ntfyBody(envelope) });
      await post({ url: server, body, headers, secrets: [token, topic] }, signal);
    },
  };
}

export function ntfyBody({ due, now, url }: Envelope) {
  const worst = due.map(colourOf).reduce((a, b) => (NTFY_PRIORITIES[b] > NTFY_PRIORITIES[a] ? b : a), 'info');
  const all = due.map((one) => wordsOf(one, now));
  const message = all.map(({ title, lines }) => (due.length === 1 ? lines : [title, ...lines]).join('\n')).join('\n\n');
  return {
    title: headline(due, now),
    message: cutBytes(message, NTFY_BYTES),
    priority: NTFY_PRIORITIES[worst],
    tags: [NTFY_TAGS[worst]],
    ...(url === null ? {} : { click: url }),
  };
}

/** The title of one, or of the worst with how many more there are. */
export function headline(due: readonly Due[], now: number): string {
  const [first] = due;
  if (first === undefined) return '';
  const { title }: Words = wordsOf(first, now);
  return due.length === 1 ? title : `${title} and ${due.length - 1} more`;
}

function colourOf({ alert, action }: Due): Colour {
  return action === 'resolved' ? 'good' : alert.severity;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= most
    ? text
    : `${bytes
        .subarray(0, most)
        .toString()
        .replace(/\ufffd+$/, '')}…`;
}
