import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../agent/docker/engine.ts';
import { look } from '../../../agent/loop/look.ts';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import type { ContainerInspect } from '../../../fleet/engine/inspect.ts';
import { desiredOf } from '../../fleet/reconcile/support/desired.ts';

/** An Engine whose one container is being removed for the first looks, then gone. */
function removingFor(looks: number) {
  let count = 0;
  const container = {
    inspect: {
      Id: 'a',
      Name: '/web',
      Image: 'i',
      State: { Status: 'removing' },
      Config: {},
      HostConfig: {},
      NetworkSettings: {},
    } as ContainerInspect,
    stoppedByRequest: false,
  };
  const engine: Pick<Engine, 'observe'> = {
    observe: async () => ({
      engine: { version: '1', apiVersion: '1.41', os: 'linux', arch: 'x64' },
      containers: ++count <= looks ? [container] : [],
      networks: [],
      volumes: [],
      images: new Map(),
    }),
  };
  return { engine: engine as Engine, looks: () => count };
}

function lookAt(engine: Engine, signal = new AbortController().signal) {
  const config = agentConfigSchema.parse({ device: 'edge-01', source: { url: 'https://git.example.com/fleet.git' } });
  const content = {
    look: async () => new Map(),
    write: async () => undefined,
    writeLive: async () => undefined,
    makeDataFolder: async () => undefined,
    collect: async () => 0,
  };
  return look({ config, engine, content, inventory: () => [] }, desiredOf([]), signal);
}

describe('a look', () => {
  it('waits for a removal that is under way: it still holds the name', async () => {
    const { engine, looks } = removingFor(2);
    expect((await lookAt(engine)).containers).toEqual([]);
    expect(looks()).toBe(3);
  });

  it('does not wait when it is told to stop', async () => {
    const stop = new AbortController();
    const looking = lookAt(removingFor(1000).engine, stop.signal);
    stop.abort();
    await expect(looking).rejects.toThrow(/abort/i);
  });
});
