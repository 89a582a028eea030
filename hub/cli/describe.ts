// `holdfast describe device ID`: everything known of one device, as text.
import { shortRevision } from '../../fleet/names.ts';
import type { AppStatus } from '../../fleet/wire/messages.ts';
import { type Device, deviceSchema } from '../api/schemas.ts';
import { type Ask, query } from './ask.ts';
import { eventTable } from './events.ts';
import { difference } from './get.ts';
import type { ExitCode } from './io.ts';
import { print } from './output.ts';
import type { Paint } from './paint.ts';
import { age, ago, bytes, plural, safe, safeLines } from './text.ts';

const EVENTS_SHOWN = 10;
const KEY_WIDTH = 13;

export async function describeDevice(ask: Ask, id: string, options: { fleet?: string }): Promise<ExitCode> {
  const device = await ask.api.get(`/api/v1/devices/${encodeURIComponent(id)}${query(options)}`, deviceSchema);
  print(ask.io, ask.format, device, () => deviceText(device, ask));
  return 0;
}

function deviceText(device: Device, { io, paint }: Ask): string {
  const now = io.now();
  const sections = [
    head(device, now, paint),
    conditions(device, now, paint),
    apps(device, now, paint),
    drift(device, now, paint),
  ];
  if (device.events.length > 0) {
    sections.push(
      `${paint.bold('Events')}\n${eventTable([...device.events.slice(0, EVENTS_SHOWN)], now, paint, io.columns, false)}`,
    );
  }
  return sections.filter((text) => text !== '').join('\n');
}

function head(device: Device, now: number, paint: Paint): string {
  const word = (text: string) => (paint.state(text) ?? paint.dim)(text);
  const { revision, status } = device;
  const host = status?.host ?? null;
  const labels = Object.entries(device.labels).map(([key, value]) => safe(`${key}=${value}`));
  const rows: (readonly [string, string | null])[] = [
    ['Device', `${paint.bold(device.id)} in the fleet ${device.fleet}`],
    ['Presence', `${word(device.presence)}, seen ${ago(device.last_seen, now)}`],
    ['Health', word(device.health)],
    ['Sync', device.changes > 0 ? `${word(device.sync)}, ${device.changes} not applied yet` : word(device.sync)],
    [
      'Clash',
      device.clash === true ? paint.bad('two agents report as this device; give one of them another id') : null,
    ],
    ['Labels', labels.length === 0 ? null : labels.join(', ')],
    ['Desired', revision.desired === null ? null : safe(revision.desired)],
    ['Applied', revision.applied === revision.desired || revision.applied === null ? null : safe(revision.applied)],
    [
      'Last good',
      revision.last_good === revision.desired || revision.last_good === null ? null : safe(revision.last_good),
    ],
    ['Signed by', signer(device)],
    ['Fetched', status?.source?.way == null ? null : safe(status.source.way)],
    ['Agent', status === null ? null : `${safe(status.agent.version)}, up ${age(status.agent.uptime_s * 1000)}`],
    ['Clock', status?.clock_synced === false ? paint.warn('not synchronised') : null],
    ['Host', host === null ? null : safe(`${host.os}, ${host.arch}, Engine ${host.engine}`)],
    ['Load', host === null ? null : `${host.load1} on ${host.cpus} CPUs`],
    ['Memory', host === null ? null : `${bytes(host.mem_used_bytes)} of ${bytes(host.mem_bytes)}`],
    ['Disk', host === null ? null : `${bytes(host.disk_used_bytes)} of ${bytes(host.disk_bytes)}`],
  ];
  return rows.map(([key, value]) => (value === null ? '' : `${key.padEnd(KEY_WIDTH)}${value}\n`)).join('');
}

function signer({ revision, status }: Device): string | null {
  if (revision.signed_by !== null) return safe(revision.signed_by);
  return status?.source?.verified === false ? 'not verified: this device accepts unsigned commits' : null;
}

function conditions(device: Device, now: number, paint: Paint): string {
  const all = device.status?.conditions ?? [];
  if (all.length === 0) return '';
  const lines = all.map((one) => {
    const good = (one.type === 'Ready') === (one.status === 'True');
    const colour = one.status === 'Unknown' ? paint.dim : good ? paint.good : paint.warn;
    const since = paint.dim(`for ${age(now - Date.parse(one.since))}`);
    return `  ${colour(`${one.type} ${one.status}`)}  ${one.reason}  ${since}\n${safeLines(one.message, '      ')}\n`;
  });
  return `${paint.bold('Conditions')}\n${lines.join('')}`;
}

function apps(device: Device, now: number, paint: Paint): string {
  const all = device.status?.apps ?? [];
  if (all.length === 0) return '';
  const word = (text: string, width = 0) =>
    (paint.state(text) ?? paint.dim)(text) + ' '.repeat(Math.max(0, width - text.length));
  const services = all.flatMap((app) => app.services);
  const names = Math.max(...services.map(({ name }) => safe(name).length), 0);
  const healths = Math.max(...services.map(({ health }) => health.length), 0);
  const lines = all.flatMap((app) => [
    `  ${paint.bold(safe(app.name))}  ${word(app.health)}  ${word(app.sync)}\n`,
    inForce(app, device, now, paint),
    ...app.services.map((service) => {
      const restarts = service.restarts > 0 ? paint.warn(`  ${plural(service.restarts, 'restart')}`) : '';
      const why = service.message === undefined ? '' : `  ${safe(service.message)}`;
      const name = safe(service.name).padEnd(names);
      return `    ${name}  ${word(service.health, healths)}  ${safe(service.image)}${restarts}${why}\n`;
    }),
  ]);
  const cut = device.status?.cut?.apps ?? 0;
  return `${paint.bold('Apps')}\n${lines.join('')}${cut > 0 ? `  and ${cut} more\n` : ''}`;
}

/** Which version of an app runs, where that is not the declared one. */
function inForce({ sync, revision, quarantined }: AppStatus, device: Device, now: number, paint: Paint): string {
  const runs = revision === undefined ? '' : safe(shortRevision(revision));
  if (quarantined !== undefined) {
    const failed = paint.bad(`${safe(shortRevision(quarantined.revision))} is in quarantine`);
    const since = paint.dim(`for ${age(now - Date.parse(quarantined.since))}`);
    return `    ${failed}  ${quarantined.reason}  ${since}  ${runs} runs\n`;
  }
  const waits = sync === 'OutOfSync' && runs !== '' && revision !== device.revision.desired;
  return waits ? `    ${runs} runs until the change can begin\n` : '';
}

function drift(device: Device, now: number, paint: Paint): string {
  const all = device.status?.drift ?? [];
  if (all.length === 0) return '';
  const lines = all.map((one) => {
    const since = paint.dim(
      `for ${age(now - Date.parse(one.since))}${one.by === undefined ? '' : `, ${safe(one.by)}`}`,
    );
    return `  ${paint.warn(safe(difference(one)))}  ${since}\n`;
  });
  const cut = device.status?.cut?.drift ?? 0;
  return `${paint.bold('Drift')}\n${lines.join('')}${cut > 0 ? `  and ${cut} more\n` : ''}`;
}
