// Beside the story: which revisions, what the host has left, and the same from the command line.
import type { Device } from '../../../api/schemas.ts';
import { Command } from '../../parts/command.tsx';
import { Revision } from '../../parts/revision.tsx';
import { duration } from '../../words/relative-time.ts';
import { plural } from '../../words/value.ts';
import { HostGauges } from './host-gauges.tsx';

export function SideFacts({ device }: { device: Device }) {
  const { status } = device;
  return (
    <aside class="column-side" aria-label="Facts">
      <section class="panel">
        <h2>Revision</h2>
        <Revisions device={device} />
      </section>
      {status?.host != null && (
        <section class="panel">
          <h2>Host</h2>
          <HostGauges host={status.host} />
        </section>
      )}
      <section class="panel">
        <h2>Agent</h2>
        <dl class="pairs">
          <dt>version</dt>
          <dd>{device.agent_version === '' ? 'not known' : device.agent_version}</dd>
          {status !== null && (
            <>
              <dt>up for</dt>
              <dd>{duration(status.agent.uptime_s * 1000)}</dd>
              <dt>clock</dt>
              <dd>{status.clock_synced ? 'in sync' : 'not in sync: times may be wrong'}</dd>
            </>
          )}
          <dt>fleet</dt>
          <dd>{device.fleet}</dd>
        </dl>
      </section>
      <section class="panel">
        <h2>Command line</h2>
        <Command text={`holdfast describe device ${device.id}`} />
      </section>
    </aside>
  );
}

function Revisions({ device }: { device: Device }) {
  const { desired, applied, last_good: lastGood, signed_by: signedBy } = device.revision;
  const source = device.status?.source;
  return (
    <dl class="pairs">
      <dt>desired</dt>
      <dd>
        <Revision of={desired} />
      </dd>
      <dt>applied</dt>
      <dd>
        <Revision of={applied} />
      </dd>
      <dt>last good</dt>
      <dd>
        <Revision of={lastGood} />
      </dd>
      <dt>signed by</dt>
      <dd>{signedBy ?? <span class="faint">{source?.verified === true ? 'nobody yet' : 'not verified'}</span>}</dd>
      <dt>fetched</dt>
      <dd>{source?.way ?? <span class="faint">not yet</span>}</dd>
      <dt>waiting</dt>
      <dd>{device.changes === 0 ? 'no change' : plural(device.changes, 'change')}</dd>
    </dl>
  );
}
