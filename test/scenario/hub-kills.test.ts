import { expect, test } from 'vitest';
import { type KillsInput, proveKills } from '../proof/kills.ts';
import { temporaryFolder } from '../support/machine.ts';
import { startPostgres } from '../support/postgres.ts';

const kill = async (given: Pick<KillsInput, 'broker' | 'devices' | 'config'>) => {
  await using folder = await temporaryFolder();
  const story = { profile: 'flaky', kills: 3, seed: 'suite', speed: 20, log: () => undefined } as const;
  const result = await proveKills({ ...given, ...story, folder: folder.path });
  expect(result.failures).toEqual([]);
  expect(result.events).toBeGreaterThan(20);
};

test('a hub that is killed again and again knows all that was acknowledged', async () => {
  await kill({ broker: 'embedded', devices: 60 });
});

test('so does one on a broker and a PostgreSQL', async () => {
  await using postgres = await startPostgres({ durable: false });
  await kill({ broker: 'mosquitto', devices: 300, config: { store: { url: await postgres.database() } } });
});
