import { describe, expect, it } from 'vitest';
import { locate, sourceText, wholeFile } from '../../../fleet/compose/place.ts';
import { formatDiagnostic } from '../../../fleet/diagnostic.ts';

function placed(text: string, word: string) {
  const file = sourceText('f', text);
  const start = text.indexOf(word);
  return { ...locate({ file, start, end: start + word.length }), severity: 'error', code: 'x', message: 'm' } as const;
}

describe('locate', () => {
  it('counts characters, not UTF-16 units', () => {
    expect(placed('a\n😀😀: bad\n', 'bad')).toMatchObject({
      line: 2,
      column: 5,
      source: { text: '😀😀: bad', length: 3 },
    });
  });

  it('leaves a carriage return out of the source line', () => {
    expect(placed('a: bad\r\nb: c\r\n', 'bad').source).toEqual({ text: 'a: bad', length: 3 });
  });

  it('marks the first line of what goes over several', () => {
    expect(placed('a: |\n  x\n  y\n', '|\n  x\n  y').source).toEqual({ text: 'a: |', length: 1 });
  });

  it('carries only a part of a long line, with the caret still under the word', () => {
    const diagnostic = placed(`${'é'.repeat(5000)} bad ${'y'.repeat(5000)}`, 'bad');
    expect(diagnostic.column).toBe(5002);
    expect(diagnostic.source?.text.length).toBe(160);
    const [, source = '', caret = ''] = formatDiagnostic(diagnostic).split('\n');
    expect(source.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('bad');
  });

  it('has no line for a whole file', () => {
    expect(locate(wholeFile('f'))).toEqual({ file: 'f', line: 0, column: 0 });
  });
});
