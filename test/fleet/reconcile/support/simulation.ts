// One simulated life of a host: Git moves, people interfere, steps fail, lose their answer or the agent dies between them.
// Throws a sentence that starts with the invariant that does not hold (see faults.md: S1–S3, L1–L3).
import type { Desired, DesiredApp } from '../../../../fleet/model/desired.ts';
import type { Step } from '../../../../fleet/model/plan.ts';
import type { Service } from '../../../../fleet/model/service.ts';
import { containerKey, LABEL, resourceKey } from '../../../../fleet/names.ts';
import { nextName, numberOf, trialName } from '../../../../fleet/reconcile/match.ts';
import { hasRun } from '../../../../fleet/reconcile/one-shot.ts';
import type { makePlan } from '../../../../fleet/reconcile/plan.ts';
import { formatPlan } from '../../../../fleet/reconcile/text.ts';
import { DEVICE, PATHS } from './desired.ts';
import { randomDesired, withOtherContent } from './fleet-history.ts';
import { createHost, type Fate, type Host } from './host.ts';
import { REGISTRY } from './images.ts';
import type { Machine } from './machine.ts';
import { addStranger, BY_HAND, interfere } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { servingOn } from './serving.ts';
import { isRunning, ONE_SHOT } from './world.ts';

const DAYS = 3;
const FAULTY_ROUNDS = 2;
/** Rounds without faults after which everything has to be in place. */
const QUIET_ROUNDS = 5;

/** `shape` bends what Git declares towards something that is looked at more often. */
export function simulate(
  seed: number,
  planner?: typeof makePlan,
  shape: (desired: Desired) => Desired = (desired) => desired,
): void {
  const random = createRandom(seed);
  const host = createHost(REGISTRY, planner);
  const strangers = new Map<string, string>();
  const watch = (machine: Machine) => strangers.set(machine.id, JSON.stringify(shown(machine)));
  watch(addStranger(host, 'somebody', {}));
  watch(addStranger(host, 'lookalike', labelsOf('gone', 'gone')));
  if (random.chance(0.1)) watch(addStranger(host, 'kiosk-web-1', {}));
  const warn = new Set(['kiosk', 'till'].filter(() => random.chance(0.15)));
  let desired = shape(randomDesired(random, 1, warn));
  for (let day = 0; day < DAYS; day++) {
    if (day > 0 && random.chance(0.7)) desired = shape(randomDesired(random, day + 1, warn));
    else if (day > 0 && random.chance(0.6)) desired = withOtherContent(desired, day + 1);
    // Until the host may settle, containers of some image cannot be started, or do not get ready.
    if (random.chance(0.5)) host.world.broken.set(random.pick(['nginx:2', 'nginx:3']), 'exec format error');
    if (random.chance(0.6)) host.world.sick.set(random.pick(['nginx:2', 'nginx:3']), 'unhealthy');
    for (let round = 0; round < FAULTY_ROUNDS; round++) {
      if (random.chance(0.5)) interfere(host, random, strangers);
      faultyRound(host, desired, random, strangers);
    }
    if (random.chance(0.5)) settleDown(host, desired, random, strangers);
  }
  settleDown(host, desired, random, strangers);
}

function faultyRound(host: Host, desired: Desired, random: Random, strangers: Map<string, string>): void {
  const watched = watchSteps(host, desired);
  const raced = random.chance(0.3);
  host.round(desired, {
    pick: (ready) => random.pick(ready),
    fate: (step) => {
      if (raced && random.chance(0.15)) interfere(host, random, strangers);
      else if (!raced) watched.before(step);
      return fateOf(random);
    },
    after: watched.after,
  });
  checkStrangers(host, strangers);
}

function fateOf(random: Random): Fate {
  const dice = random.int(100);
  if (dice < 6) return 'failed';
  if (dice < 11) return 'lost';
  if (dice < 14) return 'crash-before';
  return dice < 17 ? 'crash-after' : 'done';
}

/** Faults are off: L1, L2, L3, and the host holds what Git declares. */
function settleDown(host: Host, desired: Desired, random: Random, strangers: Map<string, string>): void {
  const watched = watchSteps(host, desired);
  host.world.broken.clear();
  host.world.sick.clear();
  for (let round = 0; ; round++) {
    clearUnexpected(host, desired, strangers);
    const { plan, failed } = host.round(desired, {
      pick: (ready) => random.pick(ready),
      fate: (step) => {
        watched.before(step);
        return 'done';
      },
      after: watched.after,
    });
    checkStrangers(host, strangers);
    if (plan.steps.length === 0) break;
    if (round < QUIET_ROUNDS) continue;
    // What a service keeps that may not be touched, others may be waiting for.
    if (plan.blocked.length > 0) return;
    const failures = failed.map(({ message }) => message).join('\n');
    throw new Error(`L1 does not converge: ${formatPlan(plan)}\n${failures}`);
  }
  const again = host.plan(desired);
  if (again.steps.length > 0) throw new Error(`L2 a converged host still plans: ${formatPlan(again)}`);
  checkOrphans(host, desired);
  for (const app of desired.apps) {
    const blocked = again.blocked.map(({ resource }) => resource);
    for (const service of app.services)
      if (!blocked.includes(resourceKey('service', app.name, containerKey(service)))) checkService(host, app, service);
  }
  for (const { reason, resource } of again.blocked) {
    const serves = [...host.world.machines.values()].some(
      (machine) => serviceOf(machine) === resource && (isRunning(machine) || isDone(machine)),
    );
    if (reason === 'ReconciliationFailed' && !serves) throw new Error(`L1 nothing serves for ${resource}`);
  }
}

/** S1: after each round. */
function checkStrangers({ world }: Host, strangers: ReadonlyMap<string, string>): void {
  for (const [id, before] of strangers) {
    const machine = world.machines.get(id);
    if (machine === undefined || JSON.stringify(shown(machine)) !== before)
      throw new Error('S1 a container that is not ours was changed');
  }
}

/** Somebody clears away what is reported as unexpected, since the agent never removes what it has not listed. */
function clearUnexpected(host: Host, desired: Desired, strangers: ReadonlyMap<string, string>): void {
  for (const { kind, origin, observed } of host.plan(desired).differences) {
    const { world } = host;
    if (kind !== 'unexpected' || origin !== 'drift') continue;
    const machine = world.find(String(observed).replace(/^container /, ''));
    if (machine !== undefined && !strangers.has(machine.id)) world.machines.delete(machine.id);
  }
}

/** S2, S3 and that volumes stay, before and after each step. */
function watchSteps(host: Host, desired: Desired) {
  const { world } = host;
  const services = new Map<string, Service>(
    desired.apps.flatMap((app) =>
      app.services.map((service) => [resourceKey('service', app.name, containerKey(service)), service] as const),
    ),
  );
  const volumes = new Set(world.volumes.keys());
  const kept = watchServing(host, desired);
  const before = (step: Step): void => {
    kept.before(step);
    const service = services.get(step.resource);
    if (step.kind === 'stop-container' && service !== undefined && !world.images.has(service.image))
      throw new Error(`S2 ${step.id} before ${service.image} is present`);
    if (step.kind !== 'remove-container') return;
    const machine = world.find(step.container);
    // A trial serves nobody.
    if (machine === undefined || machine.name.endsWith('--trial')) return;
    const listed = isListed(host, machine);
    if (!listed && service === undefined) throw new Error(`S3 ${step.id} removes ${machine.name}, which is not listed`);
    const copies = [...world.machines.values()].filter((other) => isCopy(machine, other));
    const handedOver = [...services.values()].some((other) => other.container_name === machine.name);
    if (service !== undefined && copies.length === 0 && !handedOver)
      throw new Error(`S2 ${step.id} removes the only copy`);
    if (
      service !== undefined &&
      machine.startedAt !== null &&
      copies.every(({ startedAt }) => startedAt === null) &&
      !handedOver
    )
      if (machine.status !== 'dead') throw new Error(`S2 ${step.id} removes the only copy that ever ran`);
  };
  const after = (step: Step): void => {
    kept.after(step);
    const name = step.kind === 'create-container' ? step.name : undefined;
    if (name !== undefined && !host.inventory.some((item) => item.kind === 'container' && item.name === name))
      throw new Error(`S3 ${name} was made before it was listed`);
    for (const volume of volumes) if (!world.volumes.has(volume)) throw new Error(`volume ${volume} was removed`);
  };
  return { before, after };
}

/** S2 under start-first: where a service was reached before a step that replaces it, it is reached after it. */
function watchServing(host: Host, desired: Desired) {
  const reached = (step: Step): readonly string[] => {
    const app = desired.apps.find(({ name }) => name === step.app);
    const service = app?.services.find((one) => resourceKey('service', app.name, containerKey(one)) === step.resource);
    if (app?.strategy !== 'start-first' || service === undefined || service.command?.[0] === ONE_SHOT) return [];
    const joined = Object.keys(service.networks).map((key) => `${app.name}_${key}`);
    return [...servingOn(host.world, app, service, joined)].flatMap(([network, ids]) =>
      ids.length > 0 ? [network] : [],
    );
  };
  // What is mended in place, or stops first and says so, may be away for a moment.
  const replaces = ({ kind, cause }: Step) =>
    kind === 'remove-container' ||
    kind === 'rename-container' ||
    (kind === 'stop-container' && !/stop-first/.test(cause)) ||
    ((kind === 'disconnect-network' || kind === 'connect-network') && /service’s names/.test(cause));
  let before: readonly string[] = [];
  return {
    before: (step: Step): void => {
      before = reached(step);
    },
    after: (step: Step): void => {
      const after = reached(step);
      const lost = before.filter((network) => !after.includes(network));
      if (replaces(step) && lost.length > 0)
        throw new Error(`S2 after ${step.id} (${step.cause}) nobody serves on ${lost}`);
    },
  };
}

function checkOrphans(host: Host, desired: Desired): void {
  const { world, inventory } = host;
  const declared = new Set(
    desired.apps.flatMap((app) => app.services.map((service) => `${app.name}/${containerKey(service)}`)),
  );
  for (const machine of world.machines.values()) {
    const { name, config } = machine;
    const labels = config.Labels ?? {};
    const listed = isListed(host, machine);
    const wanted = declared.has(`${labels[LABEL.app]}/${keyOf(labels)}`);
    if (listed && labels[LABEL.device] === DEVICE && !wanted) throw new Error(`L3 orphan ${name}`);
  }
  const networks = new Set(desired.apps.flatMap((app) => app.networks.map(({ name }) => name)));
  for (const { Name } of world.networks.values()) {
    const listed = inventory.some((item) => item.kind === 'network' && item.name === Name);
    if (listed && !networks.has(Name)) throw new Error(`L3 orphan network ${Name}`);
  }
}

/** What is declared runs: looked at in the world itself, not through the planner. */
function checkService({ world, inventory, forgetful }: Host, app: DesiredApp, service: Service): void {
  const copies = [...world.machines.values()].filter(
    ({ config }) =>
      Object.entries(labelsOf(app.name, service.name)).every(([key, value]) => config.Labels?.[key] === value) &&
      numberOf(config.Labels ?? {}) === service.number,
  );
  const { container_name: own } = service;
  if (copies.some(({ name }) => [nextName(own), trialName(own)].includes(name)))
    throw new Error(`L3 a replacement of ${service.name} was left over`);
  if (app.drift === 'warn') return;
  const what = `${app.name}/${containerKey(service)}`;
  const [machine] = copies;
  // A one-shot that has run is not needed any more.
  if (hasRun({ device: DEVICE, app, service, paths: PATHS, salt: '' }, inventory) && copies.length <= 1) return;
  if (machine === undefined || copies.length > 1) throw new Error(`${what} has ${copies.length} containers`);
  const networks = [...machine.endpoints.keys()].filter((name) => name !== 'none').sort();
  const mode = machine.config.Env?.find((line) => line.startsWith('MODE='));
  const restart = machine.host.RestartPolicy?.Name || 'no';
  const found = {
    name: machine.name,
    up: isRunning(machine) || machine.status === 'exited',
    image: machine.config.Image,
    // Without its state, an agent cannot tell what Git took back from what was never its own.
    mode: forgetful && service.environment.MODE === undefined ? undefined : mode,
    // What the file does not set is not compared: people may set it.
    memory:
      service.mem_limit === undefined && (forgetful || machine.host.Memory === BY_HAND.memory)
        ? 0
        : machine.host.Memory,
    restart: service.restart === undefined && (forgetful || restart === BY_HAND.restart) ? 'no' : restart,
    networks,
    content: machine.mounts.find(({ Destination }) => Destination === '/etc/site.conf')?.Source,
    port: machine.host.PortBindings?.['80/tcp']?.[0]?.HostPort,
  };
  const content = service.mounts.find((mount) => mount.type === 'content');
  const port = service.ports[0]?.published;
  const wanted = {
    name: service.container_name,
    up: true,
    image: service.image,
    mode: service.environment.MODE && `MODE=${service.environment.MODE}`,
    memory: service.mem_limit ?? 0,
    restart: service.restart ?? 'no',
    networks: Object.keys(service.networks)
      .map((key) => `${app.name}_${key}`)
      .sort(),
    content: content && (service.reload === undefined ? `/state/content/${content.content.id}` : found.content),
    port: port && String(port),
  };
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  const stale = [...machine.endpoints].some(
    ([name, { NetworkID }]) => NetworkID && world.networks.get(NetworkID)?.Name !== name,
  );
  if (stale) throw new Error(`${what} is on a network that is gone`);
  if (content !== undefined && service.reload !== undefined) {
    if (isRunning(machine) && machine.known !== content.content.id)
      throw new Error(`${what} has ${content.content.id} and knows ${machine.known}`);
  } else if (content !== undefined && world.content.get(content.content.id)?.kind !== 'intact')
    throw new Error(`${what} mounts edited content`);
}

function isListed({ inventory }: Host, { id, name }: Machine): boolean {
  return inventory.some((item) => item.kind === 'container' && (item.name === name || item.id === id));
}

function isCopy(machine: Machine, other: Machine): boolean {
  return other.id !== machine.id && serviceOf(machine) === serviceOf(other) && isOurs(machine) === isOurs(other);
}

function isOurs({ config }: Machine): boolean {
  return config.Labels?.[LABEL.device] === DEVICE;
}

function labelsOf(app: string, service: string): Record<string, string> {
  return { [LABEL.device]: DEVICE, [LABEL.app]: app, [LABEL.service]: service };
}

/** A one-shot that came to its end by itself. */
function isDone({ status, config, error, stoppedByRequest }: Machine): boolean {
  return status === 'exited' && config.Cmd?.[0] === ONE_SHOT && error === '' && !stoppedByRequest;
}

function serviceOf({ config }: Machine): string {
  const labels = config.Labels ?? {};
  return `service:${labels[LABEL.app]}/${keyOf(labels)}`;
}

function shown({ id, name, status, config, host, endpoints }: Machine) {
  return { id, name, status, config, host, endpoints: [...endpoints] };
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return containerKey({ name: labels[LABEL.service] ?? '', number: numberOf(labels) });
}
