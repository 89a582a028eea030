// Alertmanager itself: it takes what is sent, shows it, and is told of the end.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { waysOf } from '../../hub/alerts/destinations.ts';
import { receiverSchema } from '../../hub/alerts/receivers.ts';
import { alert } from '../hub/alerts/sample.ts';
import { freePort, startProgram, temporaryFolder } from '../support/machine.ts';
import { waitFor } from '../support/wait.ts';

const alertsSchema = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    startsAt: z.string(),
  }),
);

test('Alertmanager shows what fires under the labels of the alert, once, and no longer when it is over', async () => {
  await using folder = await temporaryFolder();
  const [port, cluster] = [await freePort(), await freePort()];
  const config = join(folder.path, 'alertmanager.yml');
  await writeFile(config, 'route: { receiver: nobody }\nreceivers: [ { name: nobody } ]\n');
  const url = `http://127.0.0.1:${port}`;
  const args = [
    `--config.file=${config}`,
    `--storage.path=${folder.path}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  await using program = await startProgram('prometheus-alertmanager', [
    ...args,
    `--cluster.listen-address=127.0.0.1:${cluster}`,
  ]);
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, {
    timeoutMs: 20_000,
    what: `it is ready: ${program.output()}`,
  });
  const [way] = waysOf({ am: receiverSchema.parse({ alertmanager: { url } }) });
  const now = Date.now();
  const one = alert({ since: now - 60_000, labels: { rule: 'offline', 'site.name': 'berlin', fleet: 'acme' } });
  const send = (action: 'firing' | 'repeated' | 'resolved', changes = {}) =>
    way?.sender.send(
      { receiver: 'am', hub: 'hub-1', url: null, now, due: [{ alert: { ...one, ...changes }, action, after: null }] },
      AbortSignal.timeout(5_000),
    );
  const shown = async () => alertsSchema.parse(await (await fetch(`${url}/api/v2/alerts`)).json());
  await send('firing');
  await send('repeated', { devices: 400 });
  const [got, ...more] = await waitFor(
    async () => {
      const all = await shown();
      return all[0]?.annotations.devices === '400' && all;
    },
    { timeoutMs: 10_000, what: 'the alert is shown' },
  );
  expect(more).toEqual([]);
  expect(got?.labels).toEqual({
    alertname: 'offline',
    rule: 'offline',
    fleet: 'acme',
    site_name: 'berlin',
    source: 'holdfast',
  });
  expect(Date.parse(got?.startsAt ?? '')).toBe(one.since);
  await send('resolved', { resolved: now });
  await waitFor(async () => (await shown()).length === 0, { timeoutMs: 10_000, what: 'it is over' });
});
