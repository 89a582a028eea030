// A diagnostic as a workflow command of GitHub Actions, which shows it at its line in the change.
// Source: GitHub's documentation of workflow commands (`::error file=…,line=…::message`).
import { type Diagnostic, printable } from '../../fleet/diagnostic.ts';

/** `folder`: where the repository is below the checkout, as GitHub counts paths; empty: it is the checkout. */
export function annotation(diagnostic: Diagnostic, folder = ''): string {
  const { severity, line, column, source, code, message, hint } = diagnostic;
  const file = folder === '' ? diagnostic.file : `${folder}/${diagnostic.file}`;
  const end = source === undefined ? {} : { endColumn: column + source.length };
  const place = line > 0 ? { line, col: column, ...end } : {};
  const properties = Object.entries({ file, ...place, title: `holdfast: ${code}` });
  const listed = properties.map(([name, value]) => `${name}=${property(String(value))}`).join(',');
  return `::${severity} ${listed}::${data(hint === undefined ? message : `${message} (${hint})`)}`;
}

function data(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
