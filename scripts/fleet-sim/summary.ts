// What a run of the simulator tells: one line while it plays, and a summary at its end. Pure.
import type { PlayedFleet } from './player.ts';

export interface Summary {
  readonly devices: number;
  readonly seconds: number;
  readonly published: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly outstanding: number;
  readonly per_second: number;
  readonly mebibytes: number;
  readonly connects: number;
  readonly links_lost: number;
  /** From the publish to its PUBACK, breaks of the link included; null: nothing was acknowledged. */
  readonly puback_ms: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number } | null;
  readonly behind_ms: number;
  /** Acknowledged mischief, by why a hub drops it. */
  readonly mischief: Readonly<Record<string, number>>;
  readonly differences: readonly string[] | null;
}

const SHOWN = 20;

export function summarize(
  fleet: PlayedFleet,
  given: { readonly devices: number; readonly seconds: number; readonly differences: readonly string[] | null },
): Summary {
  const { counts, latencies, ledger, links } = fleet;
  const rounded = (ms: number): number => Math.round(ms * 100) / 100;
  const at = (share: number): number => rounded(latencies.quantile(share));
  return {
    devices: given.devices,
    seconds: Math.round(given.seconds * 10) / 10,
    ...{ published: counts.published, acknowledged: counts.acknowledged, refused: counts.refused },
    outstanding: ledger.outstanding(),
    per_second: Math.round(counts.acknowledged / given.seconds),
    mebibytes: Math.round((counts.bytes / 2 ** 20) * 10) / 10,
    connects: links.connects,
    links_lost: links.lost,
    puback_ms:
      latencies.count === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: rounded(latencies.maxMs) },
    behind_ms: Math.round(fleet.behindMs()),
    mischief: Object.fromEntries([...ledger.causes].sort()),
    differences: given.differences,
  };
}

export function progressLine(fleet: PlayedFleet, perSecond: number): string {
  const { counts, ledger, links, latencies } = fleet;
  const behind = fleet.behindMs() > 1000 ? `, ${(fleet.behindMs() / 1000).toFixed(1)} s behind` : '';
  return [
    `${(fleet.storyMs() / 1000).toFixed(0).padStart(5)} s`,
    `${perSecond.toFixed(0)} msg/s`,
    `${counts.acknowledged} acknowledged, ${ledger.outstanding()} on their way`,
    `p99 ${latencies.count === 0 ? '–' : `${latencies.quantile(0.99).toFixed(1)} ms`}`,
    `${links.connects} connects, ${links.lost} lost${behind}`,
  ].join('  ');
}

export function summaryText(summary: Summary): string {
  const { puback_ms: ack, mischief, differences } = summary;
  const lines = [
    `${summary.devices} devices, ${summary.seconds} s`,
    `messages   ${summary.acknowledged} acknowledged (${summary.per_second}/s, ${summary.mebibytes} MiB), ${summary.refused} refused, ${summary.outstanding} unanswered`,
    `links      ${summary.connects} connects, ${summary.links_lost} lost`,
    `PUBACK     ${ack === null ? 'none' : `p50 ${ack.p50} ms, p95 ${ack.p95} ms, p99 ${ack.p99} ms, max ${ack.max} ms`}`,
  ];
  if (summary.behind_ms > 1000)
    lines.push(`behind     ${(summary.behind_ms / 1000).toFixed(1)} s: the broker is slower than the story`);
  const bad = Object.entries(mischief).map(([cause, many]) => `${many} ${cause}`);
  if (bad.length > 0) lines.push(`mischief   ${bad.join(', ')}`);
  if (differences !== null) {
    lines.push(
      differences.length === 0 ? 'hub        knows all of it' : `hub        differs in ${differences.length}:`,
    );
    lines.push(...differences.slice(0, SHOWN).map((line) => `  ${line}`));
  }
  return `${lines.join('\n')}\n`;
}
