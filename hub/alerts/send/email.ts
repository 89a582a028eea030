// E-mail over SMTP. All that is said of one alert is one thread. The only user of nodemailer.
import { readFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import { HoldfastError, messageOf } from '../../../fleet/error.ts';
import { idOf } from '../payload.ts';
import type { ConfigOf } from '../receivers.ts';
import { readSecret } from '../secrets.ts';
import { wordsOf } from '../words.ts';
import { headline } from './chat.ts';
import { type Envelope, SendError, type Sender } from './contract.ts';

const TIMEOUT_MS = 10_000;
const REASON_CHARS = 300;

export function createEmail(where: string, config: ConfigOf<'email'>): Sender {
  const read = async () => ({
    password: await readSecret(where, 'password', config),
    ca: await readCa(where, config.ca_file),
  });
  return {
    check: async () => void (await read()),
    async send(envelope, signal) {
      const { password, ca } = await read();
      const { host, tls, username, from, to } = config;
      const transport = createTransport({
        host,
        port: config.port ?? (tls === 'implicit' ? 465 : 587),
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        ...(ca === null ? {} : { tls: { ca } }),
        ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
        ...{ connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS },
        // What comes from outside is text, never a path or an address to fetch.
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      const close = () => transport.close();
      signal.addEventListener('abort', close, { once: true });
      try {
        await Promise.race([
          transport.sendMail({ from, to: [...to], ...mailOf(envelope, domainOf(from)) }),
          aborted(signal),
        ]);
      } catch (error) {
        if (error instanceof SendError) throw error;
        throw new SendError(reasonOf(error, password));
      } finally {
        signal.removeEventListener('abort', close);
        transport.close();
      }
    },
  };
}

export function mailOf(envelope: Envelope, domain: string) {
  const { due, now, url, hub } = envelope;
  const parts = due.map((one) => {
    const { title, lines } = wordsOf(one, now);
    return [title, ...lines.map((line) => `  ${line}`)].join('\n');
  });
  const foot = url === null ? `Sent by the Holdfast hub ${hub}.` : `Sent by the Holdfast hub ${hub}: ${url}`;
  const [first] = due;
  const thread = `<alert-${first?.alert.id ?? 0}.${first?.alert.since ?? 0}@${domain}>`;
  const opens = due.length === 1 && first?.action === 'firing';
  return {
    subject: headline(due, now),
    text: `${parts.join('\n\n')}\n\n-- \n${foot}\n`,
    messageId: opens ? thread : `<${idOf(envelope)}.${now}@${domain}>`,
    ...(opens || due.length !== 1 ? {} : { inReplyTo: thread, references: [thread] }),
    headers: { 'auto-submitted': 'auto-generated', 'x-holdfast-id': idOf(envelope) },
  };
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new SendError('no answer in time'));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}

/** A code, and what the server or the system said; never the password. */
function reasonOf(error: unknown, password: string | null): string {
  const code = error instanceof Error && 'code' in error ? `${String(error.code)}: ` : '';
  const text = `${code}${messageOf(error)}`.replace(/\s+/g, ' ').slice(0, REASON_CHARS);
  return password === null || password === '' ? text : text.replaceAll(password, '…');
}

async function readCa(where: string, file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new HoldfastError('ConfigInvalid', `${where}.ca_file: cannot read ${file}: ${messageOf(error, file)}`, {
      cause: error,
    });
  }
}
