// What looks like a secret, and text without it. Must not know where the text comes from or goes.

export const REDACTED = '(redacted)';

const WORDS = 'pass|secret|token|credential|private|api[-_]?key|access[-_]?key|auth|dsn';
const SECRET = new RegExp(`${WORDS}|[-_]key$`, 'i');

/** A name that looks secret, and a value as a shell would take it. Bounded: what is searched may be hostile. */
const NAME = `[\\w.-]{0,64}(?:(?:${WORDS})[\\w.-]{0,64}|[-_]key)`;
const VALUE = `(?:"[^"]*"|'[^']*'|[^\\s"']|["'].*)+`;
const ASSIGNMENT = new RegExp(`(${NAME}=)${VALUE}`, 'gi');
const FLAG = new RegExp(`((?:^|[\\s"'])--?${NAME}\\s+)(?!--)${VALUE}`, 'gi');
const FLAG_ALONE = new RegExp(`^--?${NAME}$`, 'i');
const LINE = new RegExp(`(${NAME}(?:["']\\s*:|\\s*:(?=\\s)|\\s*=)\\s*)\\S.*$`, 'i');
/** `scheme://user:password@`; a password that is not encoded may hold a slash or an @. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@'"]{0,256}:)[^\s'"]{1,1024}@/gi;
const OPTION = /(^|[,\s])((?:pass(?:word|wd)?2?|cred(?:ential)?s?)\s*=)[^,]*/gi;

/** Does a variable, a key or a flag of this name look like a secret? */
export function looksSecret(name: string): boolean {
  return SECRET.test(name);
}

/** Without the passwords of URLs. */
export function maskUrls(text: string): string {
  return text.includes('@') ? text.replace(URL_PASSWORD, `$1${REDACTED}@`) : text;
}

/** A command line without the values of flags and variables that look secret. */
export function maskArguments(text: string): string {
  return maskUrls(text).replace(ASSIGNMENT, `$1${REDACTED}`).replace(FLAG, `$1${REDACTED}`);
}

/** The words of a command: also what follows a flag that looks secret. */
export function maskWords(words: readonly string[]): string[] {
  return words.map((word, index) => {
    const follows = FLAG_ALONE.test(words[index - 1] ?? '') && !word.startsWith('--');
    return follows ? REDACTED : maskArguments(word);
  });
}

/** Mount options (`username=x,password=y`) without their secrets. */
export function maskOptions(text: string): string {
  return maskUrls(text).replace(OPTION, `$1$2${REDACTED}`);
}

/** A line of a file without what follows a key that looks secret. */
export function maskLine(line: string): string {
  return maskArguments(maskKeys(line)).replace(AGE_IDENTITY, REDACTED);
}

const AGE_IDENTITY = /AGE-SECRET-KEY-[A-Za-z0-9-]+/gi;

/** Words of Compose and of ours that hold names and paths, whatever they look like. */
const NAMES_ONLY = /(?:^|[^\w.-])(?:secrets|x-holdfast-key)["']?\s*:\s*$/i;

function maskKeys(line: string): string {
  const found = LINE.exec(line);
  const head = found === null ? '' : line.slice(0, found.index + (found[1]?.length ?? 0));
  if (head === '') return line;
  return NAMES_ONLY.test(head) ? head + maskKeys(line.slice(head.length)) : head + REDACTED;
}
