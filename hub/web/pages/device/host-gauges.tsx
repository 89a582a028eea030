// What the host has and what of it is used.
import type { HostFacts } from '../../../../fleet/wire/messages.ts';
import { Bar } from '../../parts/bar.tsx';
import { percent, plural, sizeText } from '../../words/value.ts';

/** From here on a full disk or memory is worth a look. */
const TIGHT_PERCENT = 85;
const FULL_PERCENT = 95;

export function HostGauges({ host }: { host: HostFacts }) {
  return (
    <>
      <Gauge
        name="CPU load"
        share={percent(host.load1, host.cpus)}
        text={`${host.load1.toFixed(2)} on ${plural(host.cpus, 'core')}`}
      />
      <Gauge
        name="Memory"
        share={percent(host.mem_used_bytes, host.mem_bytes)}
        text={`${sizeText(host.mem_used_bytes)} of ${sizeText(host.mem_bytes)}`}
      />
      <Gauge
        name="Disk"
        share={percent(host.disk_used_bytes, host.disk_bytes)}
        text={`${sizeText(host.disk_used_bytes)} of ${sizeText(host.disk_bytes)}`}
      />
      <dl class="pairs">
        <dt>system</dt>
        <dd>
          {host.os} · {host.arch}
        </dd>
        <dt>Engine</dt>
        <dd>{host.engine}</dd>
      </dl>
    </>
  );
}

function Gauge({ name, share, text }: { name: string; share: number; text: string }) {
  const tone = share >= FULL_PERCENT ? 'bad' : share >= TIGHT_PERCENT ? 'warn' : 'accent';
  return (
    <div class="gauge">
      <p>
        <span>{name}</span>
        <span class="faint">{text}</span>
        <strong>{share}%</strong>
      </p>
      <meter class="unseen" aria-label={name} min={0} max={100} value={share} />
      <Bar whole={100} shares={[{ tone, part: share }]} />
    </div>
  );
}
