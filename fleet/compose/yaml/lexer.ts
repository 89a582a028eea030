// The tokens of a YAML text as libyaml, and so Compose, tells them apart: inside of quotes and brackets a line may begin
// anywhere, where the parser's own lexer wants it indented. Real files have such lines, and Compose reads them.
import { Lexer } from 'yaml';

/** The part of the lexer that decides about continued lines; there is no public way to it. */
interface LexerState {
  indentNext: number;
  flowLevel: number;
  parseQuotedScalar: () => Generator<string, string | null>;
}

/** A lexer for one text. */
export function createLexer(): Lexer {
  const lexer = new Lexer();
  const state = lexer as unknown as LexerState;
  const readQuoted = state.parseQuotedScalar.bind(lexer);
  let quoted = false;
  let wanted = state.indentNext;
  Object.defineProperty(lexer, 'indentNext', {
    get: () => (quoted || state.flowLevel > 0 ? 0 : wanted),
    set: (indent: number) => {
      wanted = indent;
    },
  });
  state.parseQuotedScalar = function* () {
    quoted = true;
    try {
      return yield* readQuoted();
    } finally {
      quoted = false;
    }
  };
  return lexer;
}
