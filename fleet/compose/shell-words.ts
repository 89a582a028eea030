// A command line in one text to its words, as Compose splits `command: run --name "a b"`. No shell runs it: operators,
// which would silently end the command, are refused.

export type Words =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'invalid'; readonly what: string };

/** Quotes group, a backslash takes the next character as it is (in single quotes it is an ordinary character). */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '' | "'" | '"' = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && quote !== "'") {
      if (at + 1 >= text.length) return { kind: 'invalid', what: 'ends with a lone backslash' };
      at += 1;
      word = (word ?? '') + text.charAt(at);
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (OPERATORS.has(character)) {
      return { kind: 'invalid', what: `"${character}" has no meaning without a shell` };
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') return { kind: 'invalid', what: `a ${quote} is not closed` };
  if (word !== null) words.push(word);
  return { kind: 'words', words };
}

const OPERATORS = new Set([';', '&', '|', '<', '>', '(', ')']);
