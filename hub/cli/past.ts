// `holdfast get causes` and `holdfast get rollouts`: what is behind what is wrong, and how revisions got around.
import { shortRevision } from '../../fleet/names.ts';
import { causePageSchema, rolloutPageSchema } from '../api/schemas.ts';
import type { Ask } from './ask.ts';
import type { ExitCode } from './io.ts';
import { print } from './output.ts';
import { table } from './table.ts';
import { age } from './text.ts';

export async function getCauses({ api, io, format, paint }: Ask): Promise<ExitCode> {
  const page = await api.get('/api/v1/causes', causePageSchema);
  print(io, format, page, () => {
    if (page.items.length === 0) return `${paint.good('Nothing is wrong')} that a device told of.\n`;
    const rows = page.items.map((cause) => [
      { text: cause.kind === 'drift' ? `drift: ${cause.reason}` : cause.reason, paint: paint.warn },
      cause.app ?? '',
      cause.revision === null ? '' : shortRevision(cause.revision),
      String(cause.affected),
      String(cause.recovering),
      String(cause.recovered),
      age(io.now() - Date.parse(cause.since)),
      `${cause.sample.device}: ${cause.sample.message}`,
    ]);
    const head = ['CAUSE', 'APP', 'REVISION', 'AFFECTED', 'RECOVERING', 'RECOVERED', 'FOR', 'FOR EXAMPLE'];
    return table(head, rows, io.columns);
  });
  return 0;
}

export async function getRollouts({ api, io, format, paint }: Ask): Promise<ExitCode> {
  const page = await api.get('/api/v1/rollouts', rolloutPageSchema);
  print(io, format, page, () => {
    if (page.items.length === 0) return 'No revision was rolled out while this hub listened.\n';
    const took = (seconds: number | null) => (seconds === null ? '' : age(seconds * 1000));
    const rows = page.items.map((rollout) => [
      { text: shortRevision(rollout.revision), paint: paint.bold },
      rollout.fleet,
      `${rollout.applied}/${rollout.devices}`,
      took(rollout.p50_s),
      took(rollout.p95_s),
      took(rollout.last_s),
      age(io.now() - Date.parse(rollout.committed ?? rollout.first_seen)),
    ]);
    return table(['REVISION', 'FLEET', 'APPLIED', 'HALF', '95 %', 'LAST', 'AGE'], rows, io.columns);
  });
  return 0;
}
