// JSON Schemas (draft 7) of device.yaml and fleet.yaml, for editors: completion, hover texts and mistakes while typing. One
// entry per key of the tables that read the files; what a schema cannot say (that a file is there), the readers say.
import { DURATION_PATTERN } from '../units.ts';
import type { AppKeys } from './app-keys.ts';
import type { DriftKeys } from './drift-keys.ts';
import type { DeviceFields, FleetFields, GroupFields } from './settings.ts';
import { MAX_WINDOWS, type WindowKeys } from './windows.ts';

type Schema = Readonly<Record<string, unknown>>;
type Described<T> = { readonly [K in keyof T]-?: Schema & { readonly description: string } };

const ID = { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,62}$' };
const NAME = { type: 'string', minLength: 1 };
const SCALAR = { type: ['string', 'number', 'boolean'] };
const DURATION = {
  type: 'string',
  pattern: DURATION_PATTERN,
  examples: ['30s', '5m', '1h30m'],
};
const DRIFT_WORD = { enum: ['correct', 'warn'] };
const PATTERNS = { type: 'array', items: NAME, maxItems: 256, examples: [['services.web.environment.*']] };

/** A map, or a list of `KEY=value`. */
const PAIRS = {
  anyOf: [
    { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } },
    { type: 'array', items: { type: 'string' } },
  ],
};

const LABELS = {
  ...PAIRS,
  description: 'Labels of the device: groups select by them, and the hub filters by them. At most 64.',
};
const INTERVAL = {
  ...DURATION,
  description: 'How often the agent looks for a new commit, 1s to 24h. Default: as the agent is configured.',
};
const SUSPEND = { type: 'boolean', default: false, description: 'true: the agent reports, and changes nothing.' };

const DRIFT_PROPERTIES: Described<DriftKeys> = {
  default: { ...DRIFT_WORD, default: 'correct', description: 'What holds where no pattern matches.' },
  correct: { ...PATTERNS, description: 'Fields that are put back.' },
  warn: { ...PATTERNS, description: 'Fields whose drift is reported and left alone.' },
  ignore: { ...PATTERNS, description: 'Fields that are neither compared nor applied to what already runs.' },
  inside: {
    ...DURATION,
    description:
      'How often containers are looked into for changed files and exec sessions, which are only reported. Absent: never.',
  },
};

const DRIFT = { anyOf: [{ ...DRIFT_WORD, default: 'correct' }, map(DRIFT_PROPERTIES)] };

const ALL_DRIFT = {
  ...DRIFT,
  description:
    'What becomes of a change that somebody made on the host: `correct` puts back what Git says, `warn` only reports. A map has rules for single fields; of those that match, the most specific decides.',
};

const WINDOW_PROPERTIES: Described<WindowKeys> = {
  cron: {
    ...NAME,
    examples: ['0 2 * * *', '30 3 * * MON-FRI', '0 4 1 * *'],
    description: 'When it opens: minute, hour, day of the month, month, day of the week.',
  },
  duration: { ...DURATION, examples: ['2h', '90m'], description: 'How long it stays open, 1m to 168h.' },
  time_zone: {
    ...NAME,
    default: 'UTC',
    examples: ['Europe/Berlin', 'America/New_York'],
    description: 'The clock that `cron` goes by, summer time included.',
  },
};

const WINDOWS = {
  type: 'array',
  maxItems: MAX_WINDOWS,
  items: map(WINDOW_PROPERTIES, ['cron', 'duration']),
  description:
    'When changes from Git are applied; they wait outside of these windows, while drift is still corrected. Absent or empty: at any time.',
};

function oneOrMore(item: Schema): Schema {
  return { anyOf: [item, { type: 'array', items: item }] };
}

function map(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return {
    type: 'object',
    properties,
    patternProperties: { '^x-': {} },
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  };
}

export const APP_PROPERTIES: Described<AppKeys> = {
  name: {
    ...ID,
    description: 'Name of the app: the Compose project. Entries of one name, from groups and device.yaml, are one app.',
  },
  enabled: {
    type: 'boolean',
    default: true,
    description: 'false: this device does not run the app, although a group gives it.',
  },
  compose: {
    anyOf: [NAME, { type: 'array', items: NAME, minItems: 1 }],
    description:
      'Compose files, merged in order. Paths count from the folder of this file. Absent: apps/<name>/compose.yaml. Where a group gives the app, these go over its files.',
  },
  env: { ...PAIRS, description: 'Interpolation variables (`${TZ}` in the Compose files), above env_files and .env.' },
  env_files: {
    ...oneOrMore(NAME),
    description: 'Files of interpolation variables; the later wins. Paths count from the folder of this file.',
  },
  secrets: {
    ...oneOrMore(NAME),
    description: 'SOPS files whose values become interpolation variables, and are masked wherever they are shown.',
  },
  profiles: { ...oneOrMore(NAME), description: 'Compose profiles to run; services of no profile always run.' },
  depends_on: { type: 'array', items: NAME, description: 'Apps of this device that come first.' },
  drift: { ...DRIFT, description: 'As for the device, for this app alone.' },
  strategy: {
    enum: ['stop-first', 'start-first'],
    default: 'stop-first',
    description:
      'How a container is replaced: the old one stops first, or serves on until the new one is ready beside it.',
  },
  health_timeout: { ...DURATION, default: '60s', description: 'How long services may take to get healthy, 1s to 24h.' },
  rollback: {
    type: 'boolean',
    default: true,
    description: 'true: back to the last known good when the services do not get healthy.',
  },
  suspend: {
    type: 'boolean',
    default: false,
    description: 'true: nothing is done for this app, neither changes nor repairs.',
  },
  windows: { ...WINDOWS, description: 'As for the device, for this app alone.' },
  ignore: {
    type: 'array',
    items: NAME,
    description:
      'Fields that are neither compared nor applied to what already runs, as globs: `services.web.labels.*`.',
  },
};

const APPS = {
  type: 'array',
  maxItems: 256,
  items: {
    anyOf: [{ ...ID, description: 'A shared app: apps/<name>/compose.yaml.' }, map(APP_PROPERTIES, ['name'])],
  },
};

const ENV = { ...PAIRS, description: 'Interpolation variables of all apps; variables of one app go above them.' };

export const GROUP_PROPERTIES: Described<GroupFields> = {
  name: { ...ID, description: 'Name of the group, shown where its values end up.' },
  selector: {
    anyOf: [
      {
        type: 'object',
        additionalProperties: { anyOf: [SCALAR, { type: 'array', items: SCALAR, minItems: 1 }] },
      },
      NAME,
    ],
    examples: [{ site: 'berlin', ring: ['canary', 'beta'] }, 'site=berlin,ring in (canary,beta)'],
    description:
      'Labels that a device has to have, as a map or as text (`site=berlin,ring!=canary`). `{}` is every device.',
  },
  apps: { ...APPS, description: 'Apps for these devices. Paths count from the top of the repository.' },
  env: ENV,
  interval: INTERVAL,
  drift: ALL_DRIFT,
  windows: WINDOWS,
  suspend: SUSPEND,
};

/** An X25519 public key. */
const RECIPIENT = { type: 'string', pattern: '^age1[02-9ac-hj-np-z]{58}$' };

export const FLEET_PROPERTIES: Described<FleetFields> = {
  labels: LABELS,
  secrets: {
    ...map({
      recipients: {
        type: 'object',
        additionalProperties: RECIPIENT,
        description: 'Public keys of people by name: they open every encrypted file of the fleet.',
      },
    }),
    description: 'Who opens encrypted files beside the devices that they are for.',
  },
  env: ENV,
  interval: INTERVAL,
  drift: ALL_DRIFT,
  windows: WINDOWS,
  groups: {
    type: 'array',
    maxItems: 256,
    items: map(GROUP_PROPERTIES, ['name', 'selector']),
    description: 'What devices get by their labels. The later group wins; device.yaml wins over all.',
  },
};

export const DEVICE_PROPERTIES: Described<DeviceFields> = {
  labels: LABELS,
  secrets: {
    ...map({
      recipient: { ...RECIPIENT, description: 'age1…, as `holdfast-agent check` prints it on the device.' },
    }),
    description: 'The public key of this device: encrypted files of the device are made for it.',
  },
  apps: {
    ...APPS,
    description:
      'Apps of this device, and what is different here in those that groups give. Absent: the compose.yaml beside this file, named after the device.',
  },
  env: ENV,
  interval: INTERVAL,
  drift: ALL_DRIFT,
  windows: WINDOWS,
  suspend: SUSPEND,
};

export const DEVICE_SCHEMA: Schema = {
  description: 'What one device of a Holdfast fleet runs: devices/<id>/device.yaml.',
  ...map(DEVICE_PROPERTIES),
};

export const FLEET_SCHEMA: Schema = {
  description: 'What holds for all devices of a Holdfast fleet, and what groups of them get: fleet.yaml.',
  ...map(FLEET_PROPERTIES),
};
