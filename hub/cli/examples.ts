// Examples in the help of a command: what to type, and what for.
import type { Command } from 'commander';

export function examples(command: Command, lines: readonly (readonly [type: string, why: string])[]): void {
  const width = Math.max(...lines.map(([type]) => type.length));
  const text = lines.map(([type, why]) => `  ${type.padEnd(width)}   ${why}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${text}\n`);
}
