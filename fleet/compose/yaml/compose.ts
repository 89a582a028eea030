// The parser's own tree of a text that was looked at before: everything in it is text, and nothing is resolved yet.
import { Composer, type CST, type Document, type ParsedNode, Parser } from 'yaml';

export function compose(lexemes: readonly string[]): Document.Parsed<ParsedNode>[] {
  const composer = new Composer({
    version: '1.2',
    // What a scalar stands for is decided in one place, and not here.
    schema: 'failsafe',
    uniqueKeys: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  return [...composer.compose(tokens(lexemes))];
}

function* tokens(lexemes: readonly string[]): Generator<CST.Token, void> {
  const parser = new Parser();
  for (const lexeme of lexemes) yield* parser.next(lexeme);
  yield* parser.end();
}
