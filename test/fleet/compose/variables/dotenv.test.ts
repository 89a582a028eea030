import { describe, expect, it } from 'vitest';
import { createReport } from '../../../../fleet/compose/report.ts';
import { parseDotenv } from '../../../../fleet/compose/variables/dotenv.ts';
import { createBudget } from '../../../../fleet/compose/variables/variables.ts';
import { formatDiagnostic } from '../../../../fleet/diagnostic.ts';

function parse(text: string, format?: 'raw') {
  const report = createReport();
  const bytes = new TextEncoder().encode(text);
  const file = { path: '.env', mode: '100644', oid: '', size: bytes.length, bytes } as const;
  const over = new Map([['OVER', 'over']]);
  const under = new Map([
    ['UNDER', 'under'],
    ['OVER', 'never'],
  ]);
  const values = parseDotenv(file, { over, under, budget: createBudget() }, report, format);
  return { values: Object.fromEntries(values), text: report.diagnostics().map(formatDiagnostic).join('\n') };
}

describe('environment files', () => {
  it.each([
    ['A=1', { A: '1' }],
    ['A=', { A: '' }],
    ['A = 1 ', { A: '1' }],
    ['A: 1', { A: '1' }],
    ['export A=1', { A: '1' }],
    ['# c\n\n  A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['A=1 # comment', { A: '1' }],
    ['A=1# not a comment', { A: '1# not a comment' }],
    ['A=#fff', { A: '#fff' }],
    ['A=1\t# not a comment', { A: '1\t# not a comment' }],
    ['\ufeffA=1', { A: '1' }],
    ['A="1" B=2\nC=3', { A: '1', B: '2', C: '3' }],
    ['A="a\\\\"\nB=1', { A: 'a\\', B: '1' }],
    ['A="\\0101\\a\\x41\\$X"', { A: 'A\x07\\x41$X' }],
    ['1A=1\nA[0]=2\nÄ=3', { '1A': '1', 'A[0]': '2', Ä: '3' }],
    ['A=${B:-x}', { A: 'x' }],
    ['A', {}],
    ['A="1 # 2" # comment', { A: '1 # 2' }],
    ["A='$OVER ${X}'", { A: '$OVER ${X}' }],
    ["A='Let\\'s go'", { A: "Let's go" }],
    ['A="{\\"a\\": 1}"', { A: '{"a": 1}' }],
    ['A="a\\tb\\nc\\\\d"', { A: 'a\tb\nc\\d' }],
    ["A='a\\tb'", { A: 'a\\tb' }],
    ['A=a\\tb', { A: 'a\\tb' }],
    ["A='one\ntwo'\nB=2", { A: 'one\ntwo', B: '2' }],
    ['A="\\$OVER"', { A: '$OVER' }],
    ['A=$OVER-${UNDER}-${NONE:-d}', { A: 'over-under-d' }],
    ['A=1\nB=${A}2', { A: '1', B: '12' }],
    ['OVER=own\nA=$OVER', { OVER: 'own', A: 'over' }],
    ['UNDER=own\nA=$UNDER', { UNDER: 'own', A: 'own' }],
    ['OVER\nUNDER\nNONE\n', { OVER: 'over', UNDER: 'under' }],
    ['A=1\nA=2', { A: '2' }],
    ['A.b-c=1', { 'A.b-c': '1' }],
    ['A=x=y', { A: 'x=y' }],
  ])('%j', (text, values) => {
    expect(parse(text)).toEqual({ values, text: '' });
  });

  it('reports every bad line and reads the others', () => {
    expect(parse('A=1\n=2\nnot a line\nB="open\nC=3\n')).toEqual({
      values: { A: '1', C: '3' },
      text: [
        '.env:2:1: not a variable\n    =2\n    ^^ write NAME=value; a name has letters, digits and "_"',
        '.env:3:1: not a variable\n    not a line\n    ^^^^^^^^^^ write NAME=value; a name has letters, digits and "_"',
        '.env:4:3: B: the quote is not closed\n    B="open\n      ^^^^^ add " at the end',
      ].join('\n'),
    });
  });

  it('warns of a comment that Compose takes for the value', () => {
    expect(parse('A= # none\n')).toEqual({
      values: { A: '# none' },
      text: '.env:1:4: warning: A: after an empty value, "#" begins no comment: it is the value\n    A= # none\n       ^^^^^^ write A="" before the comment',
    });
  });

  it('takes raw values as they stand', () => {
    expect(parse('# c\n A="$X" # d \r\nB=\nOVER\nNONE\n', 'raw')).toEqual({
      values: { A: '"$X" # d ', B: '', OVER: 'over' },
      text: '',
    });
  });

  it('names the line of what is wrong in a raw file', () => {
    expect(parse('A=1\nB C=2\n=3', 'raw').text).toBe(
      '.env:2:1: a name has no spaces\n    B C=2\n    ^^^^^ write NAME=value\n.env:3:1: a name is missing before "="\n    =3\n    ^^ write NAME=value',
    );
  });

  it('bounds what references to references become', () => {
    const lines = ['A0=xxxxxxxxxxxxxxxx', ...Array.from({ length: 40 }, (_, i) => `A${i + 1}=$A${i}$A${i}`)];
    expect(parse(lines.join('\n')).text).toContain('too much text');
  });
});
