// The simulator as people run it, against a real hub on its embedded broker.
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Summary } from '../../scripts/fleet-sim/summary.ts';
import { type HubProcess, makeHubProcess } from '../support/hub-process.ts';
import { type Program, type TemporaryFolder, temporaryFolder } from '../support/machine.ts';

let folder: TemporaryFolder;
let hub: HubProcess;
let program: Program;
beforeAll(async () => {
  folder = await temporaryFolder();
  hub = await makeHubProcess(folder.path, 'sim', {});
  program = await hub.start();
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function simulate(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/fleet-sim.ts', ...args], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

describe('a simulated fleet', () => {
  test.each([
    { profile: 'hostile', links: false },
    { profile: 'storm', links: true },
  ])('$profile: the hub knows all that was acknowledged, and drops what is wrong', async ({ profile, links }) => {
    const story = ['--devices', '40', '--profile', profile, '--speed', '20', '--duration', '160'];
    const where = ['--broker', hub.mqtt, '--fleet', profile, '--check', hub.http];
    const { code, out, err } = await simulate(...story, ...where, '--output', 'json');
    expect(err).not.toMatch(/Error/);
    const summary = JSON.parse(out) as Summary;
    expect(summary).toMatchObject({ devices: 40, outstanding: 0, refused: 0, differences: [] });
    expect(code).toBe(0);
    expect(summary.connects).toBeGreaterThanOrEqual(links ? 60 : 40);
    expect(Object.keys(summary.mischief).length).toBeGreaterThanOrEqual(links ? 0 : 5);
    for (const [cause, count] of Object.entries(summary.mischief)) {
      expect([cause, await hub.metric('holdfast_messages_dropped_total', `"${cause}"`)]).toEqual([
        cause,
        expect.toSatisfy((seen: number) => seen >= count),
      ]);
    }
  });

  test('a hub that does not know what was acknowledged is told of', async () => {
    await using other = await temporaryFolder();
    const empty = await makeHubProcess(other.path, 'empty', {});
    await using _running = await empty.start();
    const { code, out } = await simulate(
      '--devices',
      '2',
      '-p',
      'plain',
      '-d',
      '1',
      '-b',
      hub.mqtt,
      '-f',
      'two',
      '--check',
      empty.http,
      '--patience',
      '1',
    );
    expect(out).toMatch(/differs in 2:\n {2}sim-000000: is missing\n/);
    expect(code).toBe(1);
  });
});

test.each([
  [['--help'], 0, /Profiles:\n {2}steady .*\n[\s\S]*Exit codes: 0 done/],
  [['--profile', 'calm'], 2, /Allowed choices are steady/],
  [['--devices', '0'], 2, /1 to 1000000/],
  [['--connections', 'some'], 2, /1 to 1000/],
  [['--epoch', 'yesterday'], 2, /2026-03-01T12:00:00Z/],
])('%j ends with %i', async (args, wanted, said) => {
  const { code, out, err } = await simulate(...args);
  expect(`${out}${err}`).toMatch(said);
  expect(code).toBe(wanted);
});
