// Rows as aligned columns that fit the terminal. Pure. The widest columns give way first, and a cut cell says so with `…`.
import { safe } from './text.ts';

export interface Cell {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

const GAP = '  ';
/** A column is never cut below this. */
const NARROWEST = 8;

/** @param columns width to fit; null: any */
export function table(
  head: readonly string[],
  rows: readonly (readonly (Cell | string)[])[],
  columns: number | null,
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)));
  const clean = cells.map((row) => row.map((cell) => ({ ...cell, text: safe(cell.text) })));
  const widths = shrink(
    head.map((title, index) => Math.max(width(title), ...clean.map((row) => width(row[index]?.text ?? '')))),
    columns,
  );
  const line = (row: readonly Cell[]) =>
    row
      .map((cell, index) => {
        const text = cut(cell.text, widths[index] ?? 0);
        const painted = cell.paint === undefined ? text : cell.paint(text);
        const last = index === row.length - 1;
        return last ? painted : painted + ' '.repeat((widths[index] ?? 0) - width(text));
      })
      .join(GAP)
      .trimEnd();
  return `${[head.map((text) => ({ text })), ...clean].map(line).join('\n')}\n`;
}

function shrink(wanted: readonly number[], columns: number | null): readonly number[] {
  const widths = [...wanted];
  if (columns === null) return widths;
  let over = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1) - columns;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
    over--;
  }
  return widths;
}

function cut(text: string, limit: number): string {
  if (width(text) <= limit) return text;
  const kept: string[] = [];
  let used = 0;
  for (const char of text) {
    if (used + width(char) > limit - 1) break;
    kept.push(char);
    used += width(char);
  }
  return `${kept.join('').trimEnd()}…`;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;

/** Terminal columns: ideographs and emoji take two, combining marks none. */
function width(text: string): number {
  let sum = 0;
  for (const char of text) sum += /\p{M}/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return sum;
}
