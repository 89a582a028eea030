// The fleet in numbers. Each number is a link that filters the table below; a second click takes the filter away.
import { HEALTH_WORST_FIRST, PRESENCE, SYNC } from '../../../../fleet/model/conditions.ts';
import type { Summary } from '../../../api/schemas.ts';
import { HealthBadge, PresenceMark, SyncBadge, type Tone } from '../../parts/badge.tsx';
import { Revision } from '../../parts/revision.tsx';
import type { FleetQuery } from '../../route/route.ts';
import { hrefOf } from '../../route/route.ts';
import { plural, shareText } from '../../words/value.ts';
import { Tile, type TileLine } from './tile.tsx';

const PRESENCE_TONE = { online: 'good', stale: 'warn', offline: 'bad' } as const;
const SYNC_TONE = { Synced: 'good', OutOfSync: 'warn', Unknown: 'calm' } as const;
const HEALTH_TONE: Record<(typeof HEALTH_WORST_FIRST)[number], Tone> = {
  Degraded: 'bad',
  Missing: 'bad',
  Unknown: 'calm',
  Progressing: 'busy',
  Suspended: 'calm',
  Healthy: 'good',
};
const REVISIONS_SHOWN = 4;

export function SummaryTiles({ summary, query }: { summary: Summary | null; query: FleetQuery }) {
  if (summary === null) return <div class="tiles tiles-loading" aria-hidden="true" />;
  return (
    <section class="tiles" aria-label="The fleet in numbers">
      <Tile name="Presence" whole={summary.devices} lines={presenceLines(summary, query)} />
      <Tile name="Health" whole={summary.devices} lines={healthLines(summary, query)} />
      <Tile name="Sync" whole={summary.devices} lines={syncLines(summary, query)} />
      <DriftTile summary={summary} />
      <RevisionTile summary={summary} />
    </section>
  );
}

function presenceLines(summary: Summary, query: FleetQuery): TileLine[] {
  return PRESENCE.map((presence) => ({
    key: presence,
    word: <PresenceMark presence={presence} />,
    count: summary.presence[presence] ?? 0,
    tone: PRESENCE_TONE[presence],
    active: query.presence === presence,
    query: { ...query, presence: query.presence === presence ? null : presence },
  }));
}

function syncLines(summary: Summary, query: FleetQuery): TileLine[] {
  return SYNC.map((sync) => ({
    key: sync,
    word: <SyncBadge sync={sync} />,
    count: summary.sync[sync] ?? 0,
    tone: SYNC_TONE[sync],
    active: query.sync === sync,
    query: { ...query, sync: query.sync === sync ? null : sync },
  }));
}

/** Healthy comes first here, since it is what most devices are; then what is not, worst first. */
function healthLines(summary: Summary, query: FleetQuery): TileLine[] {
  const order = ['Healthy', ...HEALTH_WORST_FIRST.filter((health) => health !== 'Healthy')] as const;
  return order.map((health) => ({
    key: health,
    word: <HealthBadge health={health} />,
    count: summary.health[health] ?? 0,
    tone: HEALTH_TONE[health],
    active: query.health === health,
    query: { ...query, health: query.health === health ? null : health },
  }));
}

function DriftTile({ summary }: { summary: Summary }) {
  const { open, devices } = summary.drift;
  return (
    <div class="tile">
      <h2>Open drift</h2>
      <p class="tile-figure">{open.toLocaleString('en')}</p>
      {open === 0 ? (
        <p class="faint">Every host is as it was left.</p>
      ) : (
        <p>
          <a href={hrefOf({ page: 'drift', by: 'field', q: '' })}>on {plural(devices, 'device')}</a>
        </p>
      )}
    </div>
  );
}

function RevisionTile({ summary }: { summary: Summary }) {
  const shown = summary.revisions.slice(0, REVISIONS_SHOWN);
  const rest = summary.revisions.length - shown.length;
  return (
    <div class="tile tile-revisions">
      <h2>Revisions</h2>
      <ul>
        {shown.map(({ revision, devices }) => (
          <li key={revision} class="tile-line">
            <Revision of={revision} />
            <span class="tile-count">
              {devices.toLocaleString('en')}
              <span class="tile-share">{shareText(devices, summary.devices)}</span>
            </span>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="faint">None applied yet.</p>}
      {rest > 0 && <p class="faint">and {plural(rest, 'more', 'more')}</p>}
    </div>
  );
}
