// `holdfast secrets …`: arguments and help. What they do is loaded only when they are asked for.
import type { Command } from 'commander';
import { examples } from './examples.ts';
import type { Io } from './io.ts';
import type { Run } from './program.ts';

const IDENTITY = `
Your own age identity opens the files: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE or ~/.config/sops/age/keys.txt, as for sops.
`;

export function addSecrets(program: Command, io: Io, run: Run): void {
  const secrets = program
    .command('secrets')
    .description('encrypt files of a fleet repository for its devices (SOPS, age)');
  secrets.exitOverride();

  const encrypt = secrets.command('encrypt').argument('<file>', 'a file in the clear: YAML, JSON, .env or any other');
  encrypt.description('write it as a SOPS file (till.yaml as till.sops.yaml) for the device in whose folder it is');
  encrypt.option('-o, --output <file>', 'where to write it');
  encrypt.option('--device <id>', 'for these devices instead; repeat for more', repeated, []);
  examples(encrypt, [['holdfast secrets encrypt devices/edge-01/till.yaml', 'writes till.sops.yaml beside it']]);
  encrypt.action(() =>
    run(async () => (await import('../secrets/encrypt.ts')).encrypt(io, encrypt.args[0] ?? '', encrypt.opts()))(),
  );

  const edit = secrets.command('edit').argument('<file>').description('open it in $EDITOR, and encrypt what changed');
  edit.addHelpText('after', IDENTITY);
  edit.action(() => run(async () => (await import('../secrets/edit.ts')).edit(io, edit.args[0] ?? ''))());

  const rekey = secrets.command('rekey').argument('[files...]').description("encrypt them for today's recipients");
  rekey.option('--all', 'every SOPS file of the repository');
  rekey.option('--new-key', 'a new data key also where nobody was removed');
  rekey.option('--device <id>', 'for these devices instead; repeat for more', repeated, []);
  rekey.addHelpText('after', IDENTITY);
  examples(rekey, [['holdfast secrets rekey --all', 'after a public key came or went']]);
  rekey.action(() => run(async () => (await import('../secrets/rekey.ts')).rekey(io, rekey.args, rekey.opts()))());

  const keygen = secrets.command('keygen').description('make an age identity, as age-keygen does');
  keygen.option('-o, --output <file>', 'write it there, for its owner only, and print the public key');
  examples(keygen, [['holdfast secrets keygen -o age.key', 'prints the public key, age1…']]);
  keygen.action(() => run(async () => (await import('../secrets/keygen.ts')).keygen(io, keygen.opts()))());

  for (const command of secrets.commands) command.copyInheritedSettings(program);
}

function repeated(one: string, all: string[]): string[] {
  return [...all, one];
}
