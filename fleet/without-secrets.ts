// A diagnostic as it may leave the device: the source line and the quoted text without what looks like a secret.
import type { Diagnostic } from './diagnostic.ts';
import { looksSecret, maskLine, maskUrls, REDACTED } from './secret.ts';

/** Where Compose and device.yaml speak of secrets, they name files and names. */
const OF_SECRETS = /^secrets(?:[.[].*)?$|^apps(?:\[\d+\]|\.[^.]+)\.secrets(?:[.[].*)?$/;

/** The same place and fault; the caret stays under the word, or under what replaces it. */
export function withoutSecrets(diagnostic: Diagnostic): Diagnostic {
  const { message, hint, source } = diagnostic;
  const colon = message.indexOf(': ');
  const path = colon < 0 ? '' : message.slice(0, colon);
  // A service may be called anything: its name says nothing about the value.
  const secret = looksSecret(path.replace(/^services\.[^.]+\.?/, '').replace(OF_SECRETS, ''));
  const isYaml = /\.ya?ml$/i.test(diagnostic.file);
  const hide = (text: string): string => (secret ? hidden(text) : maskUrls(text));
  const said = path === '' ? hide(message) : path + hide(message.slice(path.length));
  return {
    ...diagnostic,
    message: said,
    ...(hint === undefined ? {} : { hint: hide(hint) }),
    ...(source === undefined
      ? {}
      : masked(diagnostic, source, isYaml ? yamlLine(source.text, secret) : envLine(source.text))),
  };
}

/** Of a value that is secret: neither what is quoted nor what could be a number. */
function hidden(text: string): string {
  return text
    .split(/(".*")/s)
    .map((part, index) => (index % 2 === 1 ? `"${REDACTED}"` : part.replace(/\S*\d\S*/g, REDACTED)))
    .join('');
}

function yamlLine(text: string, secret: boolean): string {
  const line = maskLine(text);
  // The key is on another line: all of this one is value.
  return secret && line === text ? wholeLine(text) : line;
}

/** Environment files are made of secrets. */
function envLine(text: string): string {
  const name = /^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*[=:]\s*/.exec(text)?.[0];
  if (name === undefined) return wholeLine(text);
  return name.length < text.length ? name + REDACTED : text;
}

function wholeLine(text: string): string {
  return text.trim() === '' ? text : (/^\s*/.exec(text)?.[0] ?? '') + REDACTED;
}

function masked(
  { column }: Diagnostic,
  source: NonNullable<Diagnostic['source']>,
  line: string,
): Pick<Diagnostic, 'column' | 'source'> {
  if (line === source.text) return { column, source };
  const [before, after] = [[...source.text], [...line]];
  const same = before.findIndex((character, index) => character !== after[index]);
  const changed = same < 0 ? before.length : same;
  const start = column - (source.from ?? 1);
  if (start + source.length <= changed) return { column, source: { ...source, text: line } };
  const from = Math.min(start, changed);
  const length = changed + REDACTED.length - from;
  return { column: column - start + from, source: { ...source, text: line, length } };
}
