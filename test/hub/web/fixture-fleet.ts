// A made-up fleet in the shapes of the hub's API: the same for the same size, with every kind of trouble in it.
// Holds data only; fixture-hub.ts serves it.
import type { Health, Presence, Sync } from '../../../fleet/model/conditions.ts';
import type { Device, DeviceItem, DriftItem, EventItem, Summary } from '../../../hub/api/schemas.ts';

export const NEW_REVISION = `main@sha1:${'9f3c51e2'.repeat(5)}`;
export const OLD_REVISION = `main@sha1:${'41d07bb6'.repeat(5)}`;

const SITES = ['berlin', 'hamburg', 'wien', 'zuerich', 'praha'] as const;

interface Kind {
  readonly health: Health;
  readonly sync: Sync;
  readonly presence: Presence;
  readonly reason: string;
  readonly message: string;
}

const WELL: Kind = {
  health: 'Healthy',
  sync: 'Synced',
  presence: 'online',
  reason: 'Succeeded',
  message: `applied ${NEW_REVISION.slice(0, 18)}`,
};

const BUILD_MESSAGE = [
  'devices/edge-002/compose.yaml:6:5: services.web.prots: unknown key',
  '    prots: ["80:80"]',
  '    ^^^^^ did you mean "ports"?',
  'devices/edge-002/compose.yaml:11:15: services.db.image: variable DB_TAG is not set and has no default',
  '    image: postgres:$DB_TAG',
  '                   ^^^^^^^ set it under env in device.yaml',
].join('\n');

const TROUBLE: readonly Kind[] = [
  {
    health: 'Degraded',
    sync: 'OutOfSync',
    presence: 'online',
    reason: 'DriftDetected',
    message: 'kiosk/web: environment.TZ is UTC, declared Europe/Berlin; and 2 more',
  },
  { health: 'Unknown', sync: 'Unknown', presence: 'online', reason: 'BuildFailed', message: BUILD_MESSAGE },
  {
    health: 'Degraded',
    sync: 'Synced',
    presence: 'online',
    reason: 'HealthCheckFailed',
    message: 'kiosk/web is unhealthy since 2m: GET /health answered 502',
  },
  {
    health: 'Missing',
    sync: 'OutOfSync',
    presence: 'stale',
    reason: 'ImagePullFailed',
    message: 'ghcr.io/acme/kiosk:2.4.1: manifest unknown',
  },
  {
    health: 'Progressing',
    sync: 'OutOfSync',
    presence: 'online',
    reason: 'Progressing',
    message: 'applying step 3 of 7: create kiosk/web',
  },
  {
    health: 'Healthy',
    sync: 'Synced',
    presence: 'offline',
    reason: 'Succeeded',
    message: `applied ${OLD_REVISION.slice(0, 18)}`,
  },
  {
    health: 'Suspended',
    sync: 'Unknown',
    presence: 'online',
    reason: 'Suspended',
    message: 'device.yaml says suspend: true',
  },
  {
    health: 'Healthy',
    sync: 'OutOfSync',
    presence: 'online',
    reason: 'VerificationError',
    message: '9f3c51e2 is signed by SHA256:kX3v…, which allowed_signers does not list',
  },
];

export function fixtureDevices(size: number, now: number): DeviceItem[] {
  return Array.from({ length: size }, (_, at) => fixtureDevice(at, now));
}

function fixtureDevice(at: number, now: number): DeviceItem {
  const kind = at < TROUBLE.length || at % 23 === 0 ? (TROUBLE[at % TROUBLE.length] ?? WELL) : WELL;
  const silentMs = kind.presence === 'online' ? 2000 + (at % 40) * 1000 : 3_600_000 * (1 + (at % 30));
  const revision = at % 7 === 3 || kind.reason !== 'Succeeded' ? OLD_REVISION : NEW_REVISION;
  return {
    fleet: 'acme',
    id: `edge-${String(at + 1).padStart(3, '0')}`,
    presence: kind.presence,
    last_seen: new Date(now - silentMs).toISOString(),
    sync: kind.sync,
    health: kind.health,
    reason: kind.reason,
    message: kind.message,
    revision: { desired: NEW_REVISION, applied: revision, last_good: revision, signed_by: 'ana@acme.example' },
    labels: { site: SITES[at % SITES.length] ?? 'berlin', ring: at % 10 === 0 ? 'canary' : 'stable' },
    apps: [{ name: 'gateway', sync: 'Synced', health: 'Healthy' }, kioskOf(kind, now)],
    drift: kind.reason === 'DriftDetected' ? 4 : 0,
    changes: kind.reason === 'Progressing' ? 3 : 0,
    agent_version: '0.1.0',
  };
}

/** One that does not get healthy was rolled back; one whose device is at work waits. */
function kioskOf(
  { sync, health, reason }: Pick<Kind, 'sync' | 'health' | 'reason'>,
  now: number,
): DeviceItem['apps'][number] {
  const kiosk = { name: 'kiosk', sync, health };
  if (reason === 'Progressing') return { ...kiosk, revision: OLD_REVISION };
  if (reason !== 'HealthCheckFailed') return kiosk;
  const since = new Date(now - 1_560_000).toISOString();
  return { ...kiosk, revision: OLD_REVISION, quarantined: { revision: NEW_REVISION, reason, since } };
}

export function fixtureDrift(device: DeviceItem, now: number): DriftItem[] {
  if (device.drift === 0) return [];
  const since = new Date(now - 26 * 60_000).toISOString();
  const web = { resource: 'service:kiosk/web', kind: 'field', since } as const;
  const place = { fleet: device.fleet, device: device.id, app: 'kiosk', revision: device.revision.applied };
  return [
    { ...web, ...place, service: 'kiosk/web', field: 'environment.TZ', desired: 'Europe/Berlin', observed: 'UTC' },
    {
      ...web,
      ...place,
      service: 'kiosk/web',
      field: 'command',
      desired: ['nginx', '-g', 'daemon off;'],
      observed: ['nginx-debug', '-g', 'daemon off;'],
    },
    { ...web, ...place, service: 'kiosk/web', field: 'mem_limit', desired: 268435456, observed: null },
    {
      ...place,
      resource: 'network:kiosk/front',
      kind: 'missing',
      since,
      service: null,
      field: null,
      desired: null,
      observed: null,
    },
  ];
}

export function fixtureEvents(devices: readonly DeviceItem[], now: number): EventItem[] {
  const busy = devices.slice(0, 40);
  return busy.flatMap((device, at) => {
    const base = { fleet: device.fleet, device: device.id, revision: device.revision.applied };
    const ts = new Date(now - (at * 97 + 20) * 1000).toISOString();
    const loud = device.health === 'Degraded' || device.health === 'Missing';
    const severity: EventItem['severity'] = loud ? 'error' : device.sync === 'Synced' ? 'info' : 'warning';
    const about = { ...base, ts, received: ts };
    return [
      { ...about, id: 2000 - at * 2, severity, reason: device.reason, message: device.message, resource: null },
      {
        ...about,
        id: 1999 - at * 2,
        severity: 'info',
        reason: 'Progressing',
        message: 'create kiosk/web   image: nginx:1.26 → nginx:1.27',
        resource: 'service:kiosk/web',
      },
    ];
  });
}

export function fixtureWhole(item: DeviceItem, events: readonly EventItem[], now: number): Device {
  const since = new Date(now - 1_560_000).toISOString();
  const ready = item.reason === 'Succeeded';
  const reason = item.reason as NonNullable<Device['status']>['conditions'][number]['reason'];
  const about = { reason, message: item.message, since };
  const services = [
    {
      name: 'web',
      health: item.health,
      image: 'nginx:1.27',
      digest: `sha256:${'ab34cd56'.repeat(8)}`,
      restarts: ready ? 0 : 3,
      ...(item.health === 'Degraded' ? { message: 'unhealthy: GET /health answered 502' } : {}),
    },
    {
      name: 'screen',
      health: 'Healthy' as const,
      image: 'ghcr.io/acme/kiosk-screen-with-a-long-name:2.4.0',
      digest: `sha256:${'77aa10fe'.repeat(8)}`,
      restarts: 0,
    },
  ];
  return {
    ...item,
    events: events.filter((event) => event.device === item.id),
    status: {
      schema: 1,
      device: item.id,
      instance: 'b7e1',
      boot: 7,
      seq: 42,
      ts: item.last_seen,
      clock_synced: true,
      agent: { version: '0.1.0', uptime_s: 93_120 },
      revision: item.revision,
      labels: item.labels,
      sync: item.sync,
      health: item.health,
      conditions: ready
        ? [{ type: 'Ready', status: 'True', ...about }]
        : [
            { type: 'Ready', status: 'False', ...about },
            { type: item.health === 'Progressing' ? 'Reconciling' : 'Stalled', status: 'True', ...about },
          ],
      apps: [
        {
          name: 'gateway',
          sync: 'Synced',
          health: 'Healthy',
          services: [{ name: 'mqtt', health: 'Healthy', image: 'eclipse-mosquitto:2', digest: null, restarts: 0 }],
        },
        { ...kioskOf(item, now), services },
      ],
      drift: fixtureDrift(item, now),
      changes: item.changes,
      host: {
        os: 'Debian GNU/Linux 12',
        arch: 'arm64',
        engine: '28.5.1',
        cpus: 4,
        mem_bytes: 4 * 1024 ** 3,
        mem_used_bytes: 1.7 * 1024 ** 3,
        disk_bytes: 29 * 1024 ** 3,
        disk_used_bytes: 25.4 * 1024 ** 3,
        load1: 0.42,
      },
    },
  };
}

export function fixtureSummary(devices: readonly DeviceItem[], now: number): Summary {
  const count = (of: (device: DeviceItem) => boolean) => devices.filter(of).length;
  const health = (value: Health) => count((device) => device.health === value);
  const sync = (value: Sync) => count((device) => device.sync === value);
  const presence = (value: Presence) => count((device) => device.presence === value);
  const revisions = [NEW_REVISION, OLD_REVISION].map((revision) => ({
    revision,
    devices: count((device) => device.revision.applied === revision),
  }));
  return {
    devices: devices.length,
    presence: { online: presence('online'), offline: presence('offline'), stale: presence('stale') },
    sync: { Synced: sync('Synced'), OutOfSync: sync('OutOfSync'), Unknown: sync('Unknown') },
    health: {
      Healthy: health('Healthy'),
      Progressing: health('Progressing'),
      Degraded: health('Degraded'),
      Suspended: health('Suspended'),
      Missing: health('Missing'),
      Unknown: health('Unknown'),
    },
    revisions: revisions.filter(({ devices: many }) => many > 0),
    drift: {
      devices: count((device) => device.drift > 0),
      open: devices.reduce((sum, device) => sum + device.drift, 0),
    },
    worst: [],
    now: new Date(now).toISOString(),
  };
}
