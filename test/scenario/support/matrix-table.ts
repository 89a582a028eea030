// docs/drift-matrix.md: what was deviated from, whether it was found, and how it was corrected.

export interface Outcome {
  readonly found: boolean;
  readonly corrected: boolean;
  /** Other fields that were reported besides. */
  readonly falsely: number;
}

export interface MatrixRow {
  readonly attribute: string;
  readonly how: string;
  readonly mended: string;
  readonly outcome: Outcome | undefined;
}

export function matrixTable(rows: readonly MatrixRow[], untested: Readonly<Record<string, string>>): string {
  const found = rows.filter(({ outcome }) => outcome?.found === true).length;
  const corrected = rows.filter(({ outcome }) => outcome?.corrected === true).length;
  const falsely = rows.reduce((total, { outcome }) => total + (outcome?.falsely ?? 0), 0);
  return [
    '# What people change on a host, and what becomes of it',
    '',
    `Written by \`test/scenario/drift-matrix.test.ts\` on the real Engine (20.10), which holds every line: ${rows.length} deviations,`,
    `${found} found with the right field and values, ${corrected} corrected, ${falsely} fields reported falsely. Only fields that the file sets are`,
    'compared; what somebody adds to networks, ports and mounts counts as well.',
    '',
    '| attribute | somebody did | found | corrected | false | how |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      ({ attribute, how, mended, outcome }) =>
        `| \`${attribute}\` | ${how} | ${said(outcome?.found)} | ${said(outcome?.corrected)} | ${outcome?.falsely ?? 0} | ${mended} |`,
    ),
    '',
    'Not tried there:',
    '',
    ...Object.entries(untested).map(([name, reason]) => `- \`${name}\`: ${reason}`),
    '',
  ].join('\n');
}

function said(yes: boolean | undefined): string {
  return yes === true ? 'yes' : 'no';
}
