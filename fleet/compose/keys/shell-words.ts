// A command line in one text to its words, as Compose splits `command: run --name "a b"`. No shell runs it: an operator
// ends the command, as it does in Compose, and the caller says so.

export type Words =
  | {
      readonly kind: 'words';
      readonly words: readonly string[] /** The operator that ended it. */;
      readonly cut?: string;
    }
  | { readonly kind: 'invalid'; readonly what: string };

type Quote = '' | "'" | '"' | '`' | ')';

/**
 * Quotes group, `$(…)` and backquotes too (and stay as they are), a backslash takes the next character as it is (in single
 * quotes it is an ordinary character).
 */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let word = null as string | null;
  let quote: Quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && quote !== "'") {
      if (at + 1 >= text.length) return { kind: 'invalid', what: 'ends with a lone backslash' };
      at += 1;
      word = (word ?? '') + text.charAt(at);
    } else if (quote !== '') {
      const isEnd = character === quote;
      if (!isEnd || quote === '`' || quote === ')') word += character;
      if (isEnd) quote = '';
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (OPERATORS.has(character)) {
      // The number in `2>` belongs to the operator.
      if (word !== null && !(character === '>' && /^\d/.test(word))) words.push(word);
      return { kind: 'words', words, cut: character };
    } else if (character === ')' || (character === '(' && !(word ?? '').endsWith('$'))) {
      return { kind: 'invalid', what: `"${character}" has no meaning without a shell` };
    } else {
      if (character === '(') quote = ')';
      else if (character === '`') quote = '`';
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') return { kind: 'invalid', what: `a ${quote} is not closed` };
  if (word !== null) words.push(word);
  return { kind: 'words', words };
}

const OPERATORS = new Set([';', '&', '|', '<', '>']);
