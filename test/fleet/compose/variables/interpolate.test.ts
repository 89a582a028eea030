import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceText } from '../../../../fleet/compose/place.ts';
import { createReport } from '../../../../fleet/compose/report.ts';
import { expand } from '../../../../fleet/compose/variables/interpolate.ts';
import { createBudget } from '../../../../fleet/compose/variables/variables.ts';
import { formatDiagnostic } from '../../../../fleet/diagnostic.ts';
import { load } from '../trees.ts';

const VARIABLES = new Map([
  ['SET', 'value'],
  ['EMPTY', ''],
  ['OTHER', 'other'],
]);

function run(text: string, variables: ReadonlyMap<string, string> = VARIABLES, budget = createBudget()) {
  const report = createReport();
  const file = sourceText('f.yaml', `k: ${text}`);
  const at = { file, start: 3, end: file.text.length };
  const value = expand(text, at, { path: 'k', report }, { variables, budget });
  return { value, text: report.diagnostics().map(formatDiagnostic).join('\n'), failed: report.failed() };
}

describe('interpolation', () => {
  it.each([
    ['plain', 'plain'],
    ['$SET', 'value'],
    ['${SET}', 'value'],
    ['a$SET-b', 'avalue-b'],
    ['${SET:-d}', 'value'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${NONE:-d}', 'd'],
    ['${NONE-d}', 'd'],
    ['${NONE:-}', ''],
    ['${SET:?m}', 'value'],
    ['${EMPTY?m}', ''],
    ['${SET:+r}', 'r'],
    ['${EMPTY:+r}', ''],
    ['${EMPTY+r}', 'r'],
    ['${NONE+r}', ''],
    ['${NONE:-${SET}}', 'value'],
    ['${NONE:-${NONE2:-a-$OTHER-b}}', 'a-other-b'],
    ['${SET:+${OTHER}}', 'other'],
    ['$$SET', '$SET'],
    ['$${SET}', '${SET}'],
    ['${NONE:-$$}', '$'],
    ['${NONE:-a:b/c?d}', 'a:b/c?d'],
    ['$SET$OTHER', 'valueother'],
    ['^/(.+)$', '^/(.+)$'],
    ['$1 a $ b $(id)$', '$1 a $ b $(id)$'],
    ['$SET$', 'value$'],
    ['${SET:-{"a": {}}}', 'value'],
    ['${NONE:-{"a": "${SET}"}}', '{"a": "value"}'],
    ['${NONE:-{}', '{'],
    ['${SET:-$${x}}', 'value'],
    ['${NONE:-$${x}}', '${x}'],
    ['${NONE:-a\nb}', 'a\nb'],
    ['${NONE-b:-c}', 'b:-c'],
    ['${SET+a-b}', 'a-b'],
    ['${NONE:-{a}', '{a'],
  ])('%s is %j', (text, expected) => {
    expect(run(text)).toEqual({ value: expected, text: '', failed: false });
  });

  it('warns of an unset variable, at the variable, and takes it as empty', () => {
    expect(run('a-${NONE}-b')).toEqual({
      value: 'a--b',
      failed: false,
      text: [
        'f.yaml:1:6: warning: k: variable NONE is not set: it is empty',
        '    k: a-${NONE}-b',
        '         ^^^^^^^ set it in .env or under env: in device.yaml, or write ${NONE:-default}',
      ].join('\n'),
    });
  });

  it('warns of a variable once, however often it is named', () => {
    const { said } = load({ 'c.yaml': 'a: $X\nb: [$X, "$Y"]\nc: ${X:-d}\n' });
    expect(said.map((line) => line.replace(/ \|.*/, ''))).toEqual([
      'warning: a: variable X is not set: it is empty',
      'warning: b[1]: variable Y is not set: it is empty',
    ]);
  });

  it('leaves keys and numbers alone', () => {
    expect(load({ 'c.yaml': '$K: 1\n"${K}": $V\n' }, { variables: { K: 'k', V: '2' } }).data).toEqual({
      $K: 1,
      '${K}': '2',
    });
  });

  it('does not warn of a default that is not taken', () => {
    expect(run('${SET:-$NONE}').text).toBe('');
  });

  it.each(['${NONE:?set it}', '${EMPTY:?set it}', '${NONE?set it}'])('%s is an error with its message', (text) => {
    const { text: said, failed } = run(text);
    expect(failed).toBe(true);
    expect(said).toContain(': set it\n');
  });

  it.each(['${', '${}', '${SET', '${1A}', '${SET:=x}', '${SET:-x'])('%s is refused', (text) => {
    const { text: said, failed } = run(text);
    expect(failed).toBe(true);
    expect(said).toContain('is not a variable');
    expect(said).toContain('write $$ for a dollar sign');
  });

  it('bounds nesting', () => {
    expect(run(`${'${N:-'.repeat(5000)}x${'}'.repeat(5000)}`).text).toContain('nested more than');
  });

  it('bounds what one value and all values together become', () => {
    const big = new Map([['BIG', 'x'.repeat(30_000)]]);
    expect(run('$BIG$BIG$BIG$BIG', big).text).toContain('too much text');
    expect(run('$BIG', big, createBudget(1000)).text).toContain('too much text');
  });
});

describe('interpolation of any text', () => {
  const VARIABLE_TEXT = fc.array(
    fc.constantFrom('$', '{', '}', ':-', ':?', '+', 'SET', 'NONE', 'EMPTY', ' ', 'x', '$$', '${', '${SET', '-'),
    { maxLength: 30 },
  );

  it('is identity where there is no dollar sign', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('$')),
        (text) => {
          expect(run(text)).toEqual({ value: text, text: '', failed: false });
        },
      ),
    );
  });

  it('gives back what was escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(run(text.replaceAll('$', '$$$$'))).toEqual({ value: text, text: '', failed: false });
      }),
    );
  });

  it('never throws, and says where when it fails', () => {
    fc.assert(
      fc.property(VARIABLE_TEXT, (parts) => {
        const { failed, text } = run(parts.join(''));
        if (failed) expect(text).toContain('f.yaml:1:');
      }),
    );
  });
});
