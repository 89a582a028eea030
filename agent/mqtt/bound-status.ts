// Keeps a status message within what the wire allows: texts are shortened to the schema's limits, lists are cut from
// their end, and what was cut is counted. Pure; the same status always gives the same bytes.
import { type AppStatus, type DriftEntry, STATUS_BYTES, type Status } from '../../fleet/wire/messages.ts';

// The limits of the schemas in fleet/wire/messages.ts.
const TEXT = 2048;
const SHORT = 256;
const VALUE = 4096;
const VALUES = 256;
const CONDITIONS = 8;
const APPS = 256;
const SERVICES = 512;
const DRIFT = 512;
const LABELS_BYTES = 4 * 1024;
/** Texts are cut to this before a whole entry is given up. */
const TIGHT = 200;
/** Values of a list are cut to this many before a whole entry is given up. */
const TIGHT_VALUES = 16;
const TIGHT_SERVICES = 64;
/** Room for the counts, as large as they get. */
const COUNTS = { apps: 1e15, drift: 1e15 };

export function boundStatus(status: Status): Status {
  const loose = shorten(status, { text: TEXT, value: VALUE, values: VALUES, services: SERVICES });
  if (bytesOf(loose) <= STATUS_BYTES) return loose;
  return cutLists(shorten(status, { text: TIGHT, value: TIGHT, values: TIGHT_VALUES, services: TIGHT_SERVICES }));
}

/** At most `length` UTF-16 units, never half a character; what is cut shows as `…`. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

interface Limits {
  readonly text: number;
  readonly value: number;
  readonly values: number;
  readonly services: number;
}

function shorten(status: Status, limits: Limits): Status {
  const { revision, host } = status;
  const short = Math.min(SHORT, limits.text);
  const nullable = (text: string | null): string | null => (text === null ? null : clip(text, short));
  return {
    ...status,
    agent: { ...status.agent, version: clip(status.agent.version, short) },
    revision: {
      desired: nullable(revision.desired),
      applied: nullable(revision.applied),
      last_good: nullable(revision.last_good),
      signed_by: nullable(revision.signed_by),
    },
    labels: shortenLabels(status.labels),
    conditions: status.conditions
      .slice(0, CONDITIONS)
      .map((condition) => ({ ...condition, message: clip(condition.message, limits.text) })),
    apps: status.apps.slice(0, APPS).map((app) => shortenApp(app, limits)),
    drift: status.drift.slice(0, DRIFT).map((entry) => shortenDrift(entry, limits)),
    ...countCut(status, Math.min(APPS, status.apps.length), Math.min(DRIFT, status.drift.length)),
    host:
      host === null
        ? null
        : { ...host, os: clip(host.os, short), arch: clip(host.arch, short), engine: clip(host.engine, short) },
  };
}

function shortenLabels(labels: Status['labels']): Status['labels'] {
  const kept: Record<string, string> = {};
  let bytes = 0;
  for (const [key, value] of Object.entries(labels)) {
    const [name, text] = [clip(key, SHORT), clip(value, SHORT)];
    bytes += bytesOf([name, text]);
    if (bytes > LABELS_BYTES) break;
    kept[name] = text;
  }
  return kept;
}

function shortenApp(app: AppStatus, limits: Limits): AppStatus {
  const short = Math.min(SHORT, limits.text);
  const services = app.services.slice(0, limits.services).map(({ message, ...service }) => ({
    ...service,
    name: clip(service.name, short),
    image: clip(service.image, short),
    digest: service.digest === null ? null : clip(service.digest, short),
    ...(message === undefined ? {} : { message: clip(message, limits.text) }),
  }));
  const { revision, quarantined } = app;
  return {
    ...app,
    name: clip(app.name, short),
    services,
    ...(revision === undefined ? {} : { revision: clip(revision, short) }),
    ...(quarantined === undefined
      ? {}
      : { quarantined: { ...quarantined, revision: clip(quarantined.revision, short) } }),
  };
}

function shortenDrift(entry: DriftEntry, limits: Limits): DriftEntry {
  const short = Math.min(SHORT, limits.text);
  const value = (given: DriftEntry['desired']): DriftEntry['desired'] => {
    if (typeof given === 'string') return clip(given, limits.value);
    if (!Array.isArray(given)) return given;
    return given.slice(0, limits.values).map((each) => clip(each, limits.value));
  };
  return {
    ...entry,
    resource: clip(entry.resource, short),
    field: entry.field === null ? null : clip(entry.field, short),
    desired: value(entry.desired),
    observed: value(entry.observed),
    ...(entry.by === undefined ? {} : { by: clip(entry.by, short) }),
  };
}

/** Gives up entries from the end of whichever list is the larger, until the whole fits. */
function cutLists(status: Status): Status {
  const room = STATUS_BYTES - bytesOf({ ...status, apps: [], drift: [], cut: COUNTS });
  const appBytes = status.apps.map((app) => bytesOf(app) + 1);
  const driftBytes = status.drift.map((entry) => bytesOf(entry) + 1);
  let apps = sum(appBytes);
  let drift = sum(driftBytes);
  while (apps + drift > room && appBytes.length + driftBytes.length > 0) {
    if (apps >= drift) apps -= appBytes.pop() ?? 0;
    else drift -= driftBytes.pop() ?? 0;
  }
  return {
    ...status,
    ...countCut(status, appBytes.length, driftBytes.length),
    apps: status.apps.slice(0, appBytes.length),
    drift: status.drift.slice(0, driftBytes.length),
  };
}

/** How many entries are gone when so many stay, what was cut before included. */
function countCut(status: Status, apps: number, drift: number): Pick<Status, 'cut'> {
  const cut = {
    apps: status.apps.length - apps + (status.cut?.apps ?? 0),
    drift: status.drift.length - drift + (status.cut?.drift ?? 0),
  };
  return cut.apps + cut.drift === 0 ? {} : { cut };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
