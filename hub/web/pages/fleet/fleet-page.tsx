// The whole fleet: what there is in numbers, then every device, worst first.

import { useSession } from '../../data/use-session.ts';
import type { FleetQuery } from '../../route/route.ts';
import { DeviceSection } from './device-section.tsx';
import { EmptyFleet } from './empty-fleet.tsx';
import { SummaryTiles } from './summary-tiles.tsx';

export function FleetPage({ query }: { query: FleetQuery }) {
  const summary = useSession().summary.value;
  if (summary !== null && summary.devices === 0) return <EmptyFleet />;
  return (
    <>
      <h1 class="unseen">Fleet</h1>
      <SummaryTiles summary={summary} query={query} />
      <DeviceSection query={query} />
    </>
  );
}
