// `holdfast status`: the fleet on one screen.
import { shortRevision } from '../../fleet/names.ts';
import { type Summary, summarySchema } from '../api/schemas.ts';
import type { Ask } from './ask.ts';
import { deviceTable } from './device-table.ts';
import type { ExitCode } from './io.ts';
import { print } from './output.ts';
import { plural, safe } from './text.ts';

const REVISIONS_SHOWN = 5;

export async function status(ask: Ask): Promise<ExitCode> {
  const summary = await ask.api.get('/api/v1/summary', summarySchema);
  print(ask.io, ask.format, summary, () => summaryText(summary, ask));
  return summary.worst.length === 0 ? 0 : 1;
}

function summaryText(summary: Summary, { api, io, paint }: Ask): string {
  if (summary.devices === 0) {
    return `No device has reported to ${api.base} yet.\nAn agent reports here when its mqtt.url names this hub.\n`;
  }
  const line = (title: string, counts: Readonly<Record<string, number>>) => {
    const parts = Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([word, count]) => (paint.state(word) ?? paint.dim)(`${count} ${word}`));
    return `${title.padEnd(10)}${parts.join(', ')}\n`;
  };
  const { drift } = summary;
  const drifted = `${drift.open} open on ${plural(drift.devices, 'device')}`;
  const revisions = summary.revisions
    .slice(0, REVISIONS_SHOWN)
    .map((one) => `${one.devices} at ${safe(shortRevision(one.revision))}`);
  const more = summary.revisions.length - revisions.length;
  return [
    `${paint.bold(plural(summary.devices, 'device'))}\n`,
    line('Presence', summary.presence),
    line('Health', summary.health),
    line('Sync', summary.sync),
    `Drift     ${drift.open === 0 ? paint.good('none') : paint.warn(drifted)}\n`,
    revisions.length === 0 ? '' : `Revision  ${revisions.join(', ')}${more > 0 ? `, and ${more} more` : ''}\n`,
    summary.worst.length === 0
      ? `\n${paint.good('Nothing is wrong.')}\n`
      : `\n${paint.bold('Worst first')}\n${deviceTable(summary.worst, Date.parse(summary.now), paint, io.columns)}`,
  ].join('');
}
