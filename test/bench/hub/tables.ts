// The hub's benches as tables, the goals beside them. Pure but for running them.
import { benchFleet, type FleetResult } from './fleet-100k.ts';
import { benchIngest, type IngestResult } from './ingest.ts';
import { benchScaleOut, type ScaleResult } from './scale-out.ts';

export interface HubResults {
  readonly ingest: IngestResult;
  readonly fleet: FleetResult;
  readonly scale: readonly ScaleResult[];
}

/** A table: its head and its rows. */
export type Table = readonly [head: readonly string[], ...rows: (readonly string[])[]];

const FULL = { seconds: 60, rounds: 3, devices: 100_000, askS: 30 };

export async function benchHub(folder: string): Promise<HubResults> {
  const { seconds, rounds, devices, askS } = FULL;
  const ingest = await benchIngest(`${folder}/ingest`, { seconds, rounds });
  const fleet = await benchFleet(`${folder}/fleet`, { devices, askS });
  return { ingest, fleet, scale: await benchScaleOut(`${folder}/scale`, seconds / 3) };
}

export function measuresTable({ ingest, fleet }: HubResults): Table {
  const { answers } = fleet;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const whole = (count: number): string => Math.round(count).toLocaleString('en');
  const devices = whole(fleet.devices);
  return [
    ['what', 'hub', 'bare subscriber', 'ratio', 'goal'],
    [
      `live: ${whole(ingest.live.messages)} messages, published meanwhile`,
      `${whole(ingest.live.hub)}/s`,
      `${whole(ingest.live.bare)}/s`,
      `${ingest.live.ratio.toFixed(2)} ×`,
      '≥ 0.8 ×',
    ],
    [
      `backlog: ${whole(ingest.backlog.messages)} messages that the broker gathered`,
      `${whole(ingest.backlog.hub)}/s`,
      `${whole(ingest.backlog.bare)}/s`,
      `${ingest.backlog.ratio.toFixed(2)} ×`,
      '',
    ],
    ['CPU time of one message', `${ingest.hubCpuUs.toFixed(0)} µs`, `${ingest.bareCpuUs.toFixed(0)} µs`, '', ''],
    [
      `${devices} retained devices to a complete roster`,
      seconds(fleet.hubMs),
      seconds(fleet.bareMs),
      `${fleet.ratio.toFixed(1)} ×`,
      '',
    ],
    ['resident memory of a device', `${(fleet.bytesPerDevice / 1024).toFixed(2)} KiB`, '', '', '≤ 2 KiB'],
    [
      `summary of ${devices}, ${whole(fleet.reportsPerSecond)} reports/s: p50, p99`,
      `${answers.summary.p50Ms.toFixed(1)}, ${answers.summary.p99Ms.toFixed(1)} ms`,
      ...['', '', 'p99 ≤ 20 ms'],
    ],
    [
      `a filtered, sorted page of them: p50, p99`,
      `${answers.page.p50Ms.toFixed(1)}, ${answers.page.p99Ms.toFixed(1)} ms`,
      ...['', '', 'p99 ≤ 20 ms'],
    ],
  ];
}

export function scaleTable({ scale }: HubResults): Table {
  const rows = scale.map(({ hubs, perSecond, hubCpuUs, databaseCpuUs, residentMiB }) => [
    String(hubs),
    `${Math.round(perSecond).toLocaleString('en')}/s`,
    `${hubCpuUs.toFixed(0)} µs`,
    `${databaseCpuUs.toFixed(0)} µs`,
    `${residentMiB.toFixed(0)} MiB`,
  ]);
  return [
    ['hubs', 'messages, all together', 'CPU of hubs a message', 'CPU of PostgreSQL a message', 'memory of each'],
    ...rows,
  ];
}
