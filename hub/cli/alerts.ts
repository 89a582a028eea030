// `holdfast get alerts`: what fires, whom it was told, and what was resolved of late.
import { alertPageSchema } from '../api/alerts.ts';
import type { Ask } from './ask.ts';
import type { ExitCode } from './io.ts';
import { print } from './output.ts';
import { table } from './table.ts';
import { age, safe } from './text.ts';

export async function getAlerts({ api, io, format, paint }: Ask): Promise<ExitCode> {
  const page = await api.get('/api/v1/alerts', alertPageSchema);
  print(io, format, page, () => {
    const colour = { info: paint.dim, warning: paint.warn, critical: paint.bad };
    const since = (iso: string) => age(io.now() - Date.parse(iso));
    const rows = page.items.map((alert) => [
      alert.state === 'firing'
        ? { text: alert.severity, paint: colour[alert.severity] }
        : { text: 'resolved', paint: paint.good },
      { text: alert.rule, paint: paint.bold },
      alert.fleet,
      `${alert.devices}/${alert.of}`,
      since(alert.since),
      alert.silenced_by.join(' '),
      alert.receivers.join(' '),
      alert.summary,
    ]);
    const failing = page.receivers
      .filter(({ failures }) => failures > 0)
      .map(({ receiver, kind, failures, error }) => {
        const said = safe(error ?? '');
        return `${paint.bad(`${receiver}/${kind}`)} was not reached ${failures} times in a row: ${said}\n`;
      });
    if (rows.length === 0) return `${paint.good('Nothing fires')}.\n${failing.join('')}`;
    const head = ['STATE', 'RULE', 'FLEET', 'DEVICES', 'FOR', 'SILENCED BY', 'RECEIVERS', 'WHAT'];
    return table(head, rows, io.columns) + failing.join('');
  });
  return 0;
}
