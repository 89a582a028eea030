import { describe, expect, it } from 'vitest';
import { expand } from '../../../fleet/compose/interpolate.ts';
import { sourceText } from '../../../fleet/compose/place.ts';
import { createReport } from '../../../fleet/compose/report.ts';
import { createBudget } from '../../../fleet/compose/variables.ts';
import { formatDiagnostic } from '../../../fleet/diagnostic.ts';

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

  it('does not warn of a default that is not taken', () => {
    expect(run('${SET:-$NONE}').text).toBe('');
  });

  it.each(['${NONE:?set it}', '${EMPTY:?set it}', '${NONE?set it}'])('%s is an error with its message', (text) => {
    const { text: said, failed } = run(text);
    expect(failed).toBe(true);
    expect(said).toContain(': set it\n');
  });

  it.each(['$', 'a $ b', '${', '${}', '${SET', '${1A}', '$1', '${SET:=x}', '${SET:-x'])('%s is refused', (text) => {
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
