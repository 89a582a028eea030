// One device whole. Owns what is asked of the hub about it; the sections own how it reads.
import type { Device } from '../../../api/schemas.ts';
import { useResource } from '../../data/use-resource.ts';
import { useSession } from '../../data/use-session.ts';
import { EventList } from '../../parts/event-list.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { FLEET, hrefOf } from '../../route/route.ts';
import { plural } from '../../words/value.ts';
import { Apps } from './apps.tsx';
import { Conditions } from './conditions.tsx';
import { withDeviceBatch } from './device-batch.ts';
import { DeviceHead } from './device-head.tsx';
import { DriftTable } from './drift-table.tsx';
import { SideFacts } from './side-facts.tsx';

export function DevicePage({ fleet, id }: { fleet: string | null; id: string }) {
  const { client } = useSession();
  const resource = useResource<Device>(`${fleet ?? ''}/${id}`, {
    againMs: 1000,
    load: (signal) => client.device(fleet, id, signal),
    fold: (device, batch) => withDeviceBatch(device, batch),
  });
  const { value: device, error } = resource.state.value;
  return (
    <article class="device">
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefOf(FLEET)}>Fleet</a> <span aria-hidden="true">/</span> <span>{id}</span>
      </nav>
      {error?.status === 404 && <Unheard id={id} />}
      {error !== null && error.status !== 404 && <Problem message={error.message} retry={resource.reload} />}
      {device === null && error === null && <Skeleton rows={6} label={`Loading ${id}`} />}
      {device !== null && <DeviceBody device={device} />}
    </article>
  );
}

function DeviceBody({ device }: { device: Device }) {
  const { status } = device;
  const conditions = status?.conditions ?? [];
  return (
    <>
      <DeviceHead device={device} />
      {device.clash === true && <Clash />}
      <div class="columns">
        <div class="column-main">
          {status === null && (
            <p class="panel none">Only its presence is known: the agent has not reported a status yet.</p>
          )}
          {conditions.length > 0 && <Conditions conditions={conditions} />}
          {status !== null && <DriftTable drift={status.drift} cut={status.cut?.drift ?? 0} />}
          {status !== null && <Apps apps={status.apps} cut={status.cut?.apps ?? 0} desired={device.revision.desired} />}
          <section class="panel" aria-labelledby="events">
            <header class="panel-head">
              <h2 id="events">Events</h2>
              <span class="faint">{plural(device.events.length, 'latest', 'latest')}</span>
            </header>
            {device.events.length === 0 ? (
              <p class="none">Nothing has happened since this hub knows the device.</p>
            ) : (
              <EventList events={device.events} named={false} />
            )}
          </section>
        </div>
        <SideFacts device={device} />
      </div>
    </>
  );
}

function Clash() {
  return (
    <div class="problem panel" role="alert">
      <Icon name="warn" />
      <p>
        <strong>Two agents report as this device, in turn.</strong> What you see may be of either. Give one of them
        another <code>device</code> in its agent.yaml; a cloned disk is the usual cause.
      </p>
    </div>
  );
}

function Unheard({ id }: { id: string }) {
  return (
    <section class="empty">
      <h1>{id} is not known here</h1>
      <p>
        No agent with this id has ever reported to this hub. Its id is the <code>device</code> of its agent.yaml, or the
        host name.
      </p>
    </section>
  );
}
