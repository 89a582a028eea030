// The commands around silences: arguments and help; what they do is in `silence.ts`.
import type { Command } from 'commander';
import type { Asks } from './access-commands.ts';
import { examples } from './examples.ts';
import { addSilence, expireSilence, listSilences, type SilenceOptions } from './silence.ts';

export function addSilences(program: Command, asks: Asks): void {
  const silence = program.command('silence').description('keep alerts quiet for a while (operator)').exitOverride();
  const add = silence
    .command('add')
    .argument('<matcher...>')
    .description('by labels of devices and alerts; all have to match');
  add
    .option('--for <duration>', 'how long, as in 2h')
    .option('--until <time>', 'until then, as in 2026-12-01T06:00:00Z');
  add.option('--from <time>', 'begins then (now)').requiredOption('--reason <text>', 'why, for whoever looks later');
  examples(add, [
    ['holdfast silence add site=berlin --for 2h --reason "new switch"', 'all devices of a site'],
    ['holdfast silence add rule=drift device=~"edge-0.*" --for 30m --reason "by hand"', 'one rule for some devices'],
  ]);
  asks(add, (ask, args) => addSilence(ask, args, add.opts<SilenceOptions & { reason: string }>()));
  asks(silence.command('list').description('silences that hold or will hold'), (ask) => listSilences(ask));
  const expire = silence.command('expire').argument('<id>').description('end one now');
  asks(expire, (ask, [id = '']) => expireSilence(ask, id));
  for (const command of silence.commands) command.copyInheritedSettings(program);
}
