// A look at a YAML text before the parser sees it: nesting and size are bounded here, because the parser recurses
// and a stack that overflows there takes the process with it. Never recurses, stops at the first excess.
import type { Lexer } from 'yaml';

/** Deepest nesting of maps and lists. Compose needs about eight. */
export const MAX_DEPTH = 64;
/** Most tokens (keys, values, indicators, lines) of one file; what fits into the byte cap otherwise parses for seconds. */
export const MAX_TOKENS = 50_000;

export interface Refusal {
  readonly code: 'too-deep' | 'too-large' | 'directive' | 'yaml';
  readonly offset: number;
}

/** What the lexer makes of the text, for the parser; or why the parser must not have it. */
export function scanYaml(text: string, lexer: Lexer): readonly string[] | Refusal {
  const nesting = createNesting();
  let offset = 0;
  let tokens = 0;
  let scalar = false;
  const lexemes: string[] = [];
  try {
    for (const token of lexer.lex(text)) {
      lexemes.push(token);
      if (token === SCALAR) scalar = true;
      if (isMark(token)) continue;
      if (!scalar && token.startsWith('%')) return { code: 'directive', offset };
      if (nesting.enter(token, offset, scalar) > MAX_DEPTH) return { code: 'too-deep', offset };
      if (token.trim() !== '' || token.includes('\n')) tokens += 1;
      if (tokens > MAX_TOKENS) return { code: 'too-large', offset };
      offset += token.length;
      scalar = false;
    }
  } catch {
    // The lexer gives up on what no YAML file holds; where it stood is all that can be said.
    return { code: 'yaml', offset: Math.min(offset, text.length) };
  }
  return lexemes;
}

/** Zero-width tokens of the lexer: document start, flow error, "a scalar follows", byte order mark. */
const SCALAR = '\u001f';
const MARKS = new Set([SCALAR, '\u0002', '\u0018', '\ufeff']);

export function isMark(token: string): boolean {
  return MARKS.has(token);
}

/**
 * An upper bound of the nesting at each token. Block collections nest by column: whatever starts a line, or follows an
 * indicator (`-`, `?`, `:`), may open one at its column. Flow collections nest by bracket.
 */
function createNesting(): { enter(token: string, offset: number, scalar: boolean): number } {
  const columns: number[] = [];
  let flow = 0;
  let lineStart = 0;
  let opens = true;
  return {
    enter(token, offset, scalar) {
      const blank = token.trim() === '';
      if (!blank && opens && flow === 0) {
        const column = offset - lineStart;
        while ((columns.at(-1) ?? -1) > column) columns.pop();
        if ((columns.at(-1) ?? -1) < column) columns.push(column);
      }
      if (!blank) opens = !scalar && (token === '-' || token === '?' || token === ':');
      if (!scalar && (token === '[' || token === '{')) flow += 1;
      if (!scalar && (token === ']' || token === '}')) flow = Math.max(0, flow - 1);
      const newline = token.lastIndexOf('\n');
      if (newline >= 0) {
        lineStart = offset + newline + 1;
        if (newline === token.length - 1) opens = true;
      }
      return columns.length + flow;
    },
  };
}
