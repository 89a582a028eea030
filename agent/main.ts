// `holdfast-agent`: the daemon on each host and its commands. Parses the command line, prints errors, sets the exit code.
import { Command, Option } from 'commander';
import type { AgentConfig } from '../fleet/config/agent.ts';
import { messageOf } from '../fleet/error.ts';
import { VERSION } from '../fleet/version.ts';
import { accept } from './cli/accept.ts';
import { check } from './cli/check.ts';
import { importBundle } from './cli/import.ts';
import { plan } from './cli/plan.ts';
import { retry } from './cli/retry.ts';
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
command(
  'check',
  'what is wrong with Git, trust, Engine, disk, broker or clock, and what to do; exit 1: something',
  check,
  true,
);
handOver('import', 'bundle', 'hands a Git bundle to the agent on this host, after a look at it', importBundle);
handOver('accept', 'commit', 'takes one commit although history was rewritten or goes back, one time', accept);
configured('retry', 'tries again what is in quarantine since it failed its health gate: one app, or all')
  .argument('[app]')
  .action((app: string | undefined, options: { config: string }) =>
    carryOut(options.config, (config) => retry(config, app)),
  );

await program.parseAsync();

function command(
  name: string,
  description: string,
  action: (config: AgentConfig, output: Output) => number | Promise<number>,
  output = false,
): void {
  const made = configured(name, description);
  if (output)
    made.addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'));
  made.action((options: { config: string; output?: Output }) =>
    carryOut(options.config, (config) => action(config, options.output ?? 'text')),
  );
}

/** A command that gives one thing to the agent on this host. */
function handOver(
  name: string,
  what: string,
  description: string,
  action: (config: AgentConfig, given: string) => Promise<number>,
): void {
  configured(name, description)
    .argument(`<${what}>`)
    .action((given: string, options: { config: string }) =>
      carryOut(options.config, (config) => action(config, given)),
    );
}

function configured(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG_FILE);
}

async function carryOut(file: string, action: (config: AgentConfig) => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await action(await loadConfig(file, process.env));
  } catch (error) {
    process.stderr.write(`holdfast-agent: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
