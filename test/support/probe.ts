// A client as a program of its own, to be run in a container's network: ten times a second, whatever became of the last
// probe, it asks the Engine's name server for a name, connects to the first address and reads a page. One line for each.
import { Resolver } from 'node:dns/promises';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [name = '', patience = '3000'] = process.argv.slice(2);
const EVERY_MS = 100;

const resolver = new Resolver({ timeout: Number(patience), tries: 1 });
resolver.setServers(['127.0.0.11']);

async function page(): Promise<string> {
  const [host = ''] = await resolver.resolve4(name);
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(Number(patience));
    get({ host, path: '/', agent: false, signal }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${text.trim()}`));
      answer.on('error', reject);
    }).on('error', reject);
  });
}

async function probe(): Promise<void> {
  const startedMs = performance.now();
  const said = await page().catch((error: unknown) => `missed ${String(error)} at ${new Date().toISOString()}`);
  process.stdout.write(`${said}\t${Math.round(performance.now() - startedMs)}\n`);
}

for (let next = performance.now(); ; next += EVERY_MS) {
  void probe();
  await sleep(Math.max(0, next + EVERY_MS - performance.now()));
}
