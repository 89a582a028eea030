// What simulated devices are made of: sites, rings, apps, what drifts and what goes wrong. Data.
import type { Reason } from '../../fleet/model/conditions.ts';

export const SITES = ['berlin', 'hamburg', 'lyon', 'porto', 'turin', 'vienna', 'gdansk', 'malmo'];
export const RINGS = ['canary', 'early', 'broad', 'broad', 'broad'];
export const ARCHITECTURES = ['arm64', 'arm64', 'amd64'];

export interface CatalogueApp {
  readonly name: string;
  readonly services: readonly { readonly name: string; readonly image: string; readonly digest: string }[];
}

const app = (name: string, services: Readonly<Record<string, string>>): CatalogueApp => ({
  name,
  services: Object.entries(services).map(([service, image], at) => ({
    name: service,
    image,
    digest: `sha256:${String(at + name.length)
      .padStart(2, '0')
      .repeat(32)}`,
  })),
});

export const CATALOGUE: readonly CatalogueApp[] = [
  app('kiosk', { web: 'nginx:1.27', player: 'registry.example.com/kiosk/player:4.2' }),
  app('gateway', { broker: 'eclipse-mosquitto:2.0', bridge: 'registry.example.com/gateway/bridge:1.9' }),
  app('telemetry', { agent: 'telegraf:1.32', buffer: 'influxdb:2.7' }),
  app('till', {
    ui: 'registry.example.com/till/ui:12.1',
    db: 'postgres:15',
    sync: 'registry.example.com/till/sync:12.1',
  }),
  app('camera', { frigate: 'ghcr.io/blakeblackshear/frigate:0.14.1' }),
];

export const DRIFTS: readonly {
  readonly field: string;
  readonly desired: string | number;
  readonly observed: string | number;
}[] = [
  { field: 'environment.TZ', desired: 'Europe/Berlin', observed: 'UTC' },
  { field: 'image', desired: 'nginx:1.27', observed: 'nginx:1.26' },
  { field: 'mem_limit', desired: 268_435_456, observed: 536_870_912 },
  { field: 'restart', desired: 'unless-stopped', observed: 'no' },
  { field: 'ports.80/tcp', desired: '8080', observed: '8081' },
  { field: 'state', desired: 'running', observed: 'exited' },
];

export const TROUBLES: readonly {
  readonly reason: Reason;
  readonly message: string;
  readonly stalled: boolean;
  readonly degraded: boolean;
}[] = [
  { reason: 'GitOperationFailed', message: 'git.example.com does not answer', stalled: false, degraded: false },
  { reason: 'ImagePullFailed', message: 'registry.example.com: 503', stalled: false, degraded: false },
  {
    reason: 'DiskPressure',
    message: 'the disk has 120 MiB left, the pull needs 400 MiB',
    stalled: false,
    degraded: false,
  },
  { reason: 'VerificationError', message: 'the commit is signed by nobody who may', stalled: true, degraded: false },
  { reason: 'DockerUnavailable', message: 'the Engine does not answer', stalled: false, degraded: true },
  { reason: 'HealthCheckFailed', message: 'web is unhealthy: connection refused', stalled: false, degraded: true },
];

/** Strings that are data to everybody who handles them rightly. */
export const POISON = [
  `'); DROP TABLE devices; --`,
  '<img src=x onerror=alert(1)>',
  '=HYPERLINK("http://example.com","x")',
  'line\r\nbreak \u001b[31mred\u001b[0m \u0007',
  '__proto__',
  '{{constructor.constructor("return 1")()}}',
  '\u202Egnp.exe',
];
