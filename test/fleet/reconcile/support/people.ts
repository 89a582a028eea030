// What people and other tools do to a host behind the agent's back.
import type { Host } from './host.ts';
import { imageOf } from './images.ts';
import { createMachine, type Machine } from './machine.ts';
import type { Random } from './random.ts';
import { isRunning } from './world.ts';

/** Values that only people set. */
export const BY_HAND = { memory: 1024 ** 2, restart: 'always' } as const;

const STRANGE = imageOf('strange:1');

/** Does one thing to something of ours. */
export function interfere(host: Host, random: Random, strangers: ReadonlyMap<string, unknown>): void {
  const { world } = host;
  const ours = [...world.machines.values()].filter(({ id }) => !strangers.has(id));
  if (ours.length === 0) return;
  const machine = random.pick(ours);
  const acts: readonly (() => void)[] = [
    () => world.machines.delete(machine.id),
    () => world.stop(machine),
    () => {
      machine.host.Memory = BY_HAND.memory;
      machine.host.MemorySwap = 2 * BY_HAND.memory;
    },
    () => {
      machine.host.RestartPolicy = { Name: BY_HAND.restart, MaximumRetryCount: 0 };
    },
    () => disconnect(machine, random),
    () => {
      if (isRunning(machine)) machine.status = 'paused';
    },
    () => {
      if (machine.status === 'exited') machine.status = 'dead';
    },
    () => {
      machine.name = `hand-${world.newId().slice(4, 8)}`;
    },
    () => {
      const [id] = random.shuffled([...world.content.keys()]);
      if (id !== undefined) world.content.set(id, { kind: 'edited', paths: ['site.conf'] });
    },
    () => {
      const [place] = random.shuffled([...world.live.keys()]);
      if (place !== undefined)
        world.live.set(place, random.chance(0.5) ? { id: 'edited' } : { id: 'edited', moved: true });
    },
    () => removeNetwork(host, random),
    () => {
      // The state directory is lost.
      if (random.chance(0.3)) host.forget();
    },
  ];
  random.pick(acts)();
}

/** A container that is not ours. With labels it looks like one of ours, under a name that was never given by us. */
export function addStranger(host: Host, name: string, labels: Record<string, string>): Machine {
  const body = { Image: 'strange:1', Labels: labels, HostConfig: {} };
  const machine = createMachine(host.world.newId(), name, body, STRANGE, host.world.newId, host.world.tick());
  machine.status = 'running';
  machine.startedAt = host.world.tick();
  host.world.machines.set(machine.id, machine);
  return machine;
}

function disconnect(machine: Machine, random: Random): void {
  const [network] = random.shuffled([...machine.endpoints.keys()]);
  if (network !== undefined) machine.endpoints.delete(network);
}

function removeNetwork({ world }: Host, random: Random): void {
  const idle = [...world.networks.values()].filter(
    ({ Name, Id }) =>
      ![...world.machines.values()].some(
        (machine) => isRunning(machine) && machine.endpoints.get(Name)?.NetworkID === Id,
      ),
  );
  if (idle.length > 0) world.networks.delete(random.pick(idle).Id);
}
