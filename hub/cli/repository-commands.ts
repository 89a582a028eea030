// The commands that work on a fleet repository, with no hub: their arguments and help. What they do is loaded only when
// they are asked for.
import { type Command, Option } from 'commander';
import { DEFAULT_HUB } from './api.ts';
import { examples } from './examples.ts';
import { CI_SYSTEMS } from './init/files.ts';
import type { Io } from './io.ts';
import { FORMATS, VALIDATE_FORMATS } from './output.ts';
import type { Run } from './program.ts';

export function addRepository(program: Command, io: Io, run: Run): void {
  const check = program.command('validate').argument('[repo]', 'folder of the fleet repository', '.');
  check.description('check a fleet repository, no hub needed (exit 1: it has errors)');
  check.addOption(new Option('-o, --output <format>', 'how to print').choices(VALIDATE_FORMATS).default('table'));
  examples(check, [
    ['holdfast validate', 'the repository in this folder'],
    ['holdfast validate fleet -o github', 'annotations in a GitHub workflow'],
    ['holdfast validate -o json', 'for programs'],
  ]);
  check.action(() =>
    run(async () => (await import('./validate.ts')).validate(io, check.args[0] ?? '.', check.opts()))(),
  );

  const show = program.command('render').argument('<repo>').argument('<device>');
  show.addOption(new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('yaml'));
  show.option('--app <name>', 'only this app, as a Compose file');
  show.description('what Git declares for one device, fully resolved, secrets masked');
  examples(show, [
    ['holdfast render . edge-01', 'all apps, and where values came from'],
    ['holdfast render . edge-01 --app kiosk', 'one app, as a Compose file'],
  ]);
  show.action(() =>
    run(async () => (await import('./render.ts')).render(io, show.args[0] ?? '.', show.args[1] ?? '', show.opts()))(),
  );

  const ahead = program.command('plan').argument('<repo>').argument('<device>');
  ahead.description('what the files here would do to a device, judged by its last status (exit 1: something)');
  ahead.addOption(new Option('-o, --output <format>', 'how to print').choices(FORMATS).default('table'));
  ahead.option('--against <status>', 'file with its status as JSON, "-" for standard input, or "hub"', 'hub');
  ahead.option('--hub <url>', `the hub's address (HOLDFAST_HUB, or ${DEFAULT_HUB})`);
  ahead.option('--fleet <name>', 'when several fleets have this id');
  examples(ahead, [
    ['holdfast plan . edge-01', 'before a commit, against what the hub last heard'],
    ['holdfast plan . edge-01 --against status.json', 'with no hub'],
    ['holdfast describe device edge-01 -o json | holdfast plan . edge-01 --against -', 'the same'],
  ]);
  ahead.action(() =>
    run(async () => (await import('./plan.ts')).plan(io, ahead.args[0] ?? '.', ahead.args[1] ?? '', ahead.opts()))(),
  );

  const begin = program.command('init').argument('[dir]', 'folder of the fleet repository', '.');
  begin.description('begin a fleet repository, or add what it lacks; nothing is overwritten');
  begin.option('--device <id>', 'the first device', 'edge-01');
  begin.addOption(new Option('--ci <system>', 'checks each push').choices(CI_SYSTEMS).default('github'));
  examples(begin, [
    ['holdfast init fleet', 'a new folder'],
    ['holdfast init --device shop-07 --ci none', 'one more device in this repository'],
  ]);
  begin.action(() => run(async () => (await import('./init.ts')).init(io, begin.args[0] ?? '.', begin.opts()))());

  const schemas = program.command('schema').argument('[name]', 'device, fleet, agent or hub');
  schemas.description('JSON Schemas that editors check and complete YAML files with');
  schemas.option('--write <folder>', 'write NAME.schema.json there; all of them without a name');
  examples(schemas, [
    ['holdfast schema --write .schemas', 'all of them, for an editor'],
    ['holdfast schema agent', 'one, to be read or piped'],
  ]);
  schemas.action(() => run(async () => (await import('./schema.ts')).schema(io, schemas.args[0], schemas.opts()))());
}
