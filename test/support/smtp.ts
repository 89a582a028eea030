// A mail server on loopback, as much of SMTP (RFC 5321) as a client speaks that sends: EHLO, STARTTLS, AUTH PLAIN, one message after
// the other. Keeps what came.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly tls: boolean;
  /** `user:password`; null: it did not log in. */
  readonly login: string | null;
}

export interface SmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: Mail[];
}

export interface SmtpOptions {
  /** PEM; with it STARTTLS is offered. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Answer to RCPT. */
  readonly rcpt?: string;
}

export async function startSmtp(options: SmtpOptions = {}): Promise<SmtpServer> {
  const mails: Mail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write('220 mail.test ESMTP\r\n');
    serve(socket, false, options, (mail) => mails.push(mail));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function serve(socket: Socket, secure: boolean, options: SmtpOptions, keep: (mail: Mail) => void): void {
  let waiting = '';
  let mail = { from: '', to: [] as string[] };
  let login: string | null = null;
  let inData = false;
  const say = (line: string) => socket.write(`${line}\r\n`);
  const commands: Readonly<Record<string, (rest: string) => void>> = {
    EHLO: () => {
      const offers = ['mail.test', ...(options.tls !== undefined && !secure ? ['STARTTLS'] : []), 'AUTH PLAIN'];
      for (const [at, offer] of offers.entries()) say(`250${at === offers.length - 1 ? ' ' : '-'}${offer}`);
    },
    STARTTLS: () => {
      say('220 go ahead');
      socket.removeAllListeners('data');
      const secureContext = createSecureContext(options.tls);
      const upgraded = new TLSSocket(socket, { isServer: true, secureContext });
      upgraded.on('error', () => undefined);
      serve(upgraded, true, options, keep);
    },
    AUTH: (rest) => {
      login = Buffer.from(rest.split(' ')[1] ?? '', 'base64')
        .toString()
        .split('\0')
        .slice(1)
        .join(':');
      say('235 welcome');
    },
    MAIL: (rest) => {
      mail = { from: addressIn(rest), to: [] };
      say('250 ok');
    },
    RCPT: (rest) => {
      mail.to.push(addressIn(rest));
      say(options.rcpt ?? '250 ok');
    },
    DATA: () => {
      inData = true;
      say('354 go on');
    },
    QUIT: () => {
      say('221 bye');
      socket.end();
    },
  };
  socket.on('data', (chunk: Buffer) => {
    waiting += chunk.toString();
    for (;;) {
      const end = waiting.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (end === -1) return;
      const text = waiting.slice(0, end);
      waiting = waiting.slice(end + (inData ? 5 : 2));
      if (inData) {
        inData = false;
        keep({ ...mail, data: text, tls: secure, login });
        say('250 taken');
      } else {
        const [, verb = '', rest = ''] = /^(\w+) ?(.*)$/.exec(text) ?? [];
        (commands[verb.toUpperCase()] ?? (() => say('502 not known')))(rest);
      }
    }
  });
}

function addressIn(text: string): string {
  return /<([^>]*)>/.exec(text)?.[1] ?? '';
}
