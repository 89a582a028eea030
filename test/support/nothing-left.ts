// After each scenario file: its worker's Engine is as empty as before. What a file leaves would meet the next one there, so it is
// removed and told as a failure of the file that left it.
import { afterAll, expect } from 'vitest';
import { docker, dockerOk } from './engine.ts';

const PREDEFINED = new Set(['bridge', 'host', 'none']);

afterAll(async () => {
  const containers = await dockerOk<{ Id: string; Names: string[] }[]>('GET', '/containers/json?all=1');
  await Promise.all(containers.map(({ Id }) => docker('DELETE', `/containers/${Id}?force=1&v=1`)));
  const networks = (await dockerOk<{ Id: string; Name: string }[]>('GET', '/networks')).filter(
    ({ Name }) => !PREDEFINED.has(Name),
  );
  const removed = await Promise.all(networks.map(({ Id }) => docker('DELETE', `/networks/${Id}`)));
  const volumes = (await dockerOk<{ Volumes: { Name: string }[] | null }>('GET', '/volumes')).Volumes ?? [];
  await Promise.all(volumes.map(({ Name }) => docker('DELETE', `/volumes/${Name}?force=1`)));
  const left = {
    containers: containers.map(({ Names }) => Names.join()),
    // Of a busy Engine's network an endpoint may remain that no container has: only a restart takes that away.
    networks: networks.filter((_network, at) => removed[at]?.status !== 403).map(({ Name }) => Name),
    // One without a name is in nobody's way.
    volumes: volumes.map(({ Name }) => Name).filter((name) => !/^[0-9a-f]{64}$/.test(name)),
  };
  expect(left, 'what this file left on the Engine').toEqual({ containers: [], networks: [], volumes: [] });
});
