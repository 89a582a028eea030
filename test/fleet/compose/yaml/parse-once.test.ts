import { expect, it } from 'vitest';
import { wholeFile } from '../../../../fleet/compose/place.ts';
import { createReport } from '../../../../fleet/compose/report.ts';
import { parseOnce } from '../../../../fleet/compose/yaml/parse-once.ts';

it('parses a file once, and says the same of it each time', () => {
  let times = 0;
  const parse = parseOnce((path, bytes, report) => {
    times += 1;
    report.warn(wholeFile(path), 'a', 'doubtful');
    if (bytes?.length === 0) report.error(wholeFile(path), 'b', 'empty', 'write something');
    return report.failed();
  });
  const bytes = new Uint8Array();
  const said = [1, 2].map(() => {
    const report = createReport();
    return { failed: parse('a.yaml', bytes, report), all: report.diagnostics().map(({ message }) => message) };
  });
  expect(said).toEqual([
    { failed: true, all: ['doubtful', 'empty'] },
    { failed: true, all: ['doubtful', 'empty'] },
  ]);
  expect(times).toBe(1);
});

it('tells files apart by their bytes and their path', () => {
  const parse = parseOnce((path) => path);
  const bytes = new Uint8Array([1]);
  const paths = ['a', 'b', 'a'].map((path) => parse(path, bytes, createReport()));
  expect(paths).toEqual(['a', 'b', 'a']);
});
