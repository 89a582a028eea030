// Reads an OpenSSH `allowed_signers` file (ssh-keygen(1), ALLOWED SIGNERS). Pure. Stricter than ssh-keygen in one way: a line that
// cannot be read makes the whole file unusable, with its number, where ssh-keygen goes on without that line.
import { KeyFileBroken } from './refusal.ts';
import { parseSshKey } from './ssh-key.ts';
import { fromBase64, WireBroken, WireReader } from './ssh-wire.ts';
import { type Limit, parseLimit } from './validity.ts';

/** Texts are bytes as latin1: patterns match bytes, as in OpenSSH. */
export interface AllowedLine {
  readonly line: number;
  /** Comma-separated patterns. */
  readonly principals: string;
  readonly namespaces: string | null;
  readonly after: Limit | null;
  readonly before: Limit | null;
  readonly key: Buffer;
}

interface Options {
  authority: boolean;
  namespaces: string | null;
  after: Limit | null;
  before: Limit | null;
}

const LINES = 10_000;
const LINE_BYTES = 32 * 1024;
/** OpenSSH matches nothing with a longer pattern. */
const PATTERN_BYTES = 1000;

const PRINCIPALS = /^(?:"([^"]+)"|([^"\s]+))[ \t]+(.*)$/;
const KEY = /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/=]+)(?:[ \t].*)?$/;
/** Options end at the first blank that is not quoted. */
const OPTIONS = /^((?:[^ \t"\\]|"[^"\\]*")+)[ \t]+(.*)$/;
const OPTION = /^(cert-authority|(namespaces|valid-after|valid-before)="([^"]*)")(?:,(?=.)|$)/i;

/** Lines that a plain key can match. Throws `KeyFileBroken`, naming `file` and line. */
export function parseAllowedSigners(bytes: Buffer, file: string): readonly AllowedLine[] {
  const lines = bytes.toString('latin1').split('\n');
  if (lines.length > LINES) throw new KeyFileBroken(`${file} has over ${LINES} lines. Is it an allowed_signers file?`);
  return lines.flatMap((text, index) => {
    const line = index + 1;
    try {
      return parseLine(text.replace(/\r$/, '').replace(/^[ \t]+/, ''), line);
    } catch (error) {
      if (!(error instanceof LineBroken) && !(error instanceof WireBroken)) throw error;
      const why = error instanceof WireBroken ? `its key cannot be read: ${error.message}` : error.message;
      const form = 'Write: principal [options] key-type base64-key.';
      throw new KeyFileBroken(`${file}:${line}: ${why}. Until it is mended, nobody can be trusted. ${form}`);
    }
  });
}

class LineBroken extends Error {}

function parseLine(text: string, line: number): readonly AllowedLine[] {
  if (/^[ \t]*$/.test(text) || text.startsWith('#')) return [];
  if (text.length > LINE_BYTES) throw new LineBroken(`the line has over ${LINE_BYTES} bytes`);
  if ([...text].some((character) => character < ' ' && character !== '\t'))
    throw new LineBroken('the line has control characters');
  const parts = PRINCIPALS.exec(text);
  if (parts === null) throw new LineBroken('the line has no principals with a key after them');
  const principals = checkPatterns(parts[1] ?? parts[2] ?? '');
  const { options, key } = parseOptionsAndKey(parts[3] ?? '');
  // Certificates are not accepted, so what their authorities sign is not either.
  if (key === null || options.authority) return [];
  return [{ line, principals, namespaces: options.namespaces, after: options.after, before: options.before, key }];
}

function checkPatterns(list: string): string {
  for (const pattern of list.split(',')) {
    if (pattern === '' || pattern === '!') throw new LineBroken('one of the principals is empty');
    if (pattern.length > PATTERN_BYTES) throw new LineBroken(`a principal has over ${PATTERN_BYTES} bytes`);
  }
  return list;
}

/** `key` null: a kind of key that cannot sign here (DSA, a certificate, one not known yet). */
function parseOptionsAndKey(text: string): { options: Options; key: Buffer | null } {
  const none: Options = { authority: false, namespaces: null, after: null, before: null };
  const plain = parseKey(text);
  if (plain !== undefined) return { options: none, key: plain };
  const parts = OPTIONS.exec(text);
  if (parts === null) throw new LineBroken('its options or its key cannot be read');
  const key = parseKey(parts[2] ?? '');
  if (key === undefined) throw new LineBroken('its key cannot be read');
  return { options: parseOptions(parts[1] ?? '', none), key };
}

/** Undefined: this is not a key. */
function parseKey(text: string): Buffer | null | undefined {
  const parts = KEY.exec(text);
  const blob = fromBase64(parts?.[2] ?? '');
  if (parts === null || blob === null) return undefined;
  if (new WireReader(blob).name() !== parts[1]) throw new LineBroken('its key is of another type than the line says');
  return parseSshKey(blob) === null ? null : blob;
}

function parseOptions(text: string, into: Options): Options {
  let rest = text;
  while (rest !== '') {
    const option = OPTION.exec(rest);
    if (option === null) throw new LineBroken(`the option at "${rest.slice(0, 40)}" is not known`);
    const [whole, , name, value = ''] = option;
    rest = rest.slice(whole.length);
    switch (name?.toLowerCase()) {
      case 'namespaces':
        once(into.namespaces, 'namespaces');
        into.namespaces = value;
        break;
      case 'valid-after':
        once(into.after, 'valid-after');
        into.after = parseTime(value);
        break;
      case 'valid-before':
        once(into.before, 'valid-before');
        into.before = parseTime(value);
        break;
      default:
        into.authority = true;
    }
  }
  if (into.after !== null && into.before !== null && into.before.utcMs <= into.after.utcMs)
    throw new LineBroken('it would be valid before it is valid');
  return into;
}

function once(value: unknown, name: string): void {
  if (value !== null) throw new LineBroken(`it has two ${name} options`);
}

function parseTime(text: string): Limit {
  const limit = parseLimit(text);
  if (limit === null) throw new LineBroken(`"${text.slice(0, 40)}" is not a time (YYYYMMDD[HHMM[SS]][Z])`);
  return limit;
}
