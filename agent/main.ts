// `holdfast-agent`: the daemon on each host and its commands. Parses the command line, prints errors, sets the exit code.
import { Command, Option } from 'commander';
import type { AgentConfig } from '../fleet/config/agent.ts';
import { messageOf } from '../fleet/error.ts';
import { VERSION } from '../fleet/version.ts';
import { plan } from './cli/plan.ts';
import { once, run } from './cli/run.ts';
import { status } from './cli/status.ts';
import { DEFAULT_CONFIG_FILE, loadConfig } from './config/load.ts';

type Output = 'text' | 'json';

const program = new Command('holdfast-agent')
  .description('Keeps this Docker host in the state that Git declares.')
  .version(VERSION)
  .showHelpAfterError()
  .showSuggestionAfterError();

command('run', 'the daemon: reconciles until it is told to stop', (config) => run(config));
command('once', 'one full reconcile, waits for the health gate; exit 0: in sync, 1: not', (config) => once(config));
command('plan', 'what a reconcile would do; touches nothing; exit 0: nothing, 2: steps pending, 1: error', plan, true);
command('status', 'what the daemon last knew; exit 0: Ready, 1: not', status, true);

await program.parseAsync();

function command(
  name: string,
  description: string,
  action: (config: AgentConfig, output: Output) => number | Promise<number>,
  output = false,
): void {
  const made = program
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG_FILE);
  if (output)
    made.addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'));
  made.action(async (options: { config: string; output?: Output }) => {
    try {
      process.exitCode = await action(await loadConfig(options.config, process.env), options.output ?? 'text');
    } catch (error) {
      process.stderr.write(`holdfast-agent: ${messageOf(error)}\n`);
      process.exitCode = 1;
    }
  });
}
