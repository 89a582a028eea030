// The Engine ends inside a step, and comes back: whatever became of the step, the container is there once in the end, and runs.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PrivateEngine, startEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';
import { live } from '../support/mortal.ts';
import { makeSite } from '../support/site.ts';

const WEB = 'image: "holdfast/busybox:1", command: [sleep, "100000"], stop_signal: SIGKILL, restart: always';

let engine: PrivateEngine;
beforeAll(async () => {
  engine = await startEngine({ dir: await mkdtemp(join(tmpdir(), 'hf-crash-')), firewall: false });
  await ensureImages(engine.socket, ['holdfast/busybox:1']);
});
afterAll(() => engine.stop());

it.each([
  ['create-container', 0],
  ['create-container', 30],
  ['start-container', 0],
  ['start-container', 60],
] as const)(
  'an Engine that is killed in the middle of %s, %i ms in, has the container once, and it runs',
  async (kind, afterMs) => {
    const { socket } = engine;
    await using site = await makeSite({ socket });
    const { configFile } = site.device;
    await site.commit({ 'compose.yaml': `services: { web: { ${WEB} } }\n` });
    let killed: Promise<void> | undefined;
    const kill = async () => {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await engine.kill();
      await engine.restart();
    };
    const first = await live({
      configFile,
      during(step) {
        if (step.kind === kind) killed ??= kill();
      },
    });
    await killed;
    expect(killed, first.steps.join(', ')).toBeDefined();
    const next = await live({ configFile });
    expect(next.ready, next.log.join('\n')).toBe(true);
    const containers = await site.containers();
    expect([...containers].map(([name, { State }]) => `${name} ${State.Status}`)).toEqual([`${site.id}-web-1 running`]);
    expect((await live({ configFile })).steps).toEqual([]);
  },
);
