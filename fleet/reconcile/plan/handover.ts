// What only one container can have, a name or a host port, changes hands only after its old holder has let go.
import type { ObservedContainer } from '../../model/observed.ts';
import type { Step, StepOf } from '../../model/plan.ts';
import { nameOf } from '../match.ts';
import type { Scope } from './scope.ts';

export function orderHandovers(scope: Scope): void {
  const byId = new Map(scope.observed.containers.map((container) => [container.inspect.Id, container]));
  orderNames(scope, byId);
  orderPorts(scope, byId);
}

type Containers = ReadonlyMap<string, ObservedContainer>;

function orderNames({ draft }: Scope, byId: Containers): void {
  const releases = new Map<string, StepOf<'remove-container' | 'rename-container'>>();
  for (const step of [...stepsOf(draft.steps, 'remove-container'), ...stepsOf(draft.steps, 'rename-container')]) {
    const holder = byId.get(step.container);
    if (holder !== undefined) releases.set(nameOf(holder), step);
  }
  for (const step of [...stepsOf(draft.steps, 'create-container'), ...stepsOf(draft.steps, 'rename-container')]) {
    const release = releases.get(step.name);
    if (release === undefined || release.id === step.id || draft.waitFor(step.id, release.id)) continue;
    if (release.kind !== 'rename-container') continue;
    // They wait for each other: one lets go of its name before it gets the next. Left there, it is renamed like any other.
    const { subject, app, resource, container } = release;
    const aside = draft.add(
      { kind: 'rename-container', container, name: `${step.name}--aside` },
      { subject, app, resource, cause: `its name goes to ${step.subject}`, detail: 'aside' },
    );
    draft.waitFor(step.id, aside);
    draft.waitFor(release.id, aside);
  }
}

function orderPorts({ draft }: Scope, byId: Containers): void {
  const starts = stepsOf(draft.steps, 'start-container');
  const creates = stepsOf(draft.steps, 'create-container');
  const releases = new Map<string, { readonly step: string; readonly resource: string }>();
  for (const step of stepsOf(draft.steps, 'stop-container')) {
    for (const port of hostPorts(byId.get(step.container)?.inspect.HostConfig.PortBindings))
      releases.set(port, { step: step.id, resource: step.resource });
  }
  for (const start of starts) {
    const created = creates.find(({ name, resource }) => resource === start.resource && name === start.container);
    const bindings = (created?.body ?? byId.get(start.container)?.inspect)?.HostConfig.PortBindings;
    for (const port of hostPorts(bindings)) {
      const release = releases.get(port);
      if (release === undefined || release.resource === start.resource) continue;
      if (draft.waitFor(start.id, release.step)) continue;
      // The holder waits for the very container that needs its port: it stops early, and its replacement waits instead.
      const waits = draft.release(release.step, start.id);
      // Of a trial and what follows it, the latter has the ports.
      const later = starts.findLast(({ resource }) => resource === release.resource);
      if (later !== undefined) for (const earlier of waits) draft.waitFor(later.id, earlier);
      draft.waitFor(start.id, release.step);
    }
  }
}

function stepsOf<K extends Step['kind']>(steps: readonly Step[], kind: K): StepOf<K>[] {
  return steps.filter((step): step is StepOf<K> => step.kind === kind);
}

type Bindings = Readonly<Record<string, readonly { readonly HostPort?: string }[] | null>> | null | undefined;

function hostPorts(bindings: Bindings): string[] {
  return Object.entries(bindings ?? {}).flatMap(([key, hosts]) =>
    (hosts ?? []).flatMap(({ HostPort }) => (HostPort ? [`${HostPort}/${key.split('/')[1] ?? 'tcp'}`] : [])),
  );
}
