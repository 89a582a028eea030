import { describe, expect, it } from 'vitest';
import { compareDiagnostics, type Diagnostic, formatDiagnostic } from '../../fleet/diagnostic.ts';

const diagnostic: Diagnostic = {
  severity: 'error',
  file: 'devices/edge-01/compose.yaml',
  line: 6,
  column: 5,
  code: 'unknown-key',
  message: 'services.web.prots: unknown key',
  hint: 'did you mean "ports"?',
  source: { text: '    prots: ["80:80"]', length: 5 },
};

describe('formatDiagnostic', () => {
  it('shows place, message, source, caret and hint', () => {
    expect(formatDiagnostic(diagnostic)).toBe(
      [
        'devices/edge-01/compose.yaml:6:5: services.web.prots: unknown key',
        '    prots: ["80:80"]',
        '    ^^^^^ did you mean "ports"?',
      ].join('\n'),
    );
  });

  it('leaves out the place of a whole file', () => {
    const { source: _, ...whole } = diagnostic;
    expect(formatDiagnostic({ ...whole, line: 0, column: 0, severity: 'warning', hint: 'x' })).toBe(
      'devices/edge-01/compose.yaml: warning: services.web.prots: unknown key\n    x',
    );
  });

  it('keeps the caret under the word in the cut part of a long line', () => {
    const cut = { ...diagnostic, column: 105, source: { text: 'abcd prots: x', length: 5, from: 100 } };
    expect(formatDiagnostic(cut).split('\n').slice(1)).toEqual([
      '    abcd prots: x',
      '         ^^^^^ did you mean "ports"?',
    ]);
  });

  it('lets no control character through', () => {
    const hostile = {
      ...diagnostic,
      message: 'a\u001b[2Jb',
      hint: '\u202ex',
      source: { text: '\tk: \u0007\r', length: 1 },
    };
    expect(formatDiagnostic(hostile).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

describe('compareDiagnostics', () => {
  it('orders by file, line and column', () => {
    const places: [string, number, number][] = [
      ['b', 1, 1],
      ['a', 2, 1],
      ['a', 1, 9],
      ['a', 1, 2],
    ];
    const sorted = places
      .map(([file, line, column]) => ({ ...diagnostic, file, line, column }))
      .sort(compareDiagnostics);
    expect(sorted.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
      'a:1:2',
      'a:1:9',
      'a:2:1',
      'b:1:1',
    ]);
  });
});
