// What a device last told of itself: from a file, from standard input, or from the hub.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { messageOf } from '../../fleet/error.ts';
import { statusSchema } from '../../fleet/wire/messages.ts';
import { deviceSchema } from '../api/schemas.ts';
import { createApi } from './api.ts';
import { query } from './ask.ts';
import { CliError, type Io } from './io.ts';
import { safe } from './text.ts';

/** As much of a status as a plan needs: also what `holdfast-agent status -o json` prints has it. */
const snapshotSchema = statusSchema
  .pick({ ts: true, revision: true, apps: true, drift: true, changes: true, cut: true, host: true })
  .extend({ device: z.string().optional() });
export type Snapshot = z.infer<typeof snapshotSchema>;

/** A status, or the hub's device that holds one. */
const eitherSchema = z.union([
  snapshotSchema,
  z.object({ id: z.string(), status: snapshotSchema.nullable() }).transform(({ id, status }) => status ?? id),
]);

export interface SnapshotOptions {
  /** A file, `-`, or `hub`. */
  readonly against: string;
  readonly hub?: string;
  readonly fleet?: string;
}

export async function snapshotOf(io: Io, device: string, options: SnapshotOptions): Promise<Snapshot> {
  const snapshot = options.against === 'hub' ? await fromHub(io, device, options) : await fromFile(options.against);
  if (snapshot.device !== undefined && snapshot.device !== device)
    throw new CliError(`the status is of the device "${safe(snapshot.device)}", not of "${safe(device)}"`);
  return snapshot;
}

async function fromHub(io: Io, device: string, { hub, fleet }: SnapshotOptions): Promise<Snapshot> {
  const path = `/api/v1/devices/${encodeURIComponent(device)}${query({ fleet })}`;
  const { status } = await createApi(io, hub).get(path, deviceSchema);
  return status ?? nothingTold(device);
}

async function fromFile(name: string): Promise<Snapshot> {
  const given = name === '-' ? 'standard input' : name;
  let parsed: unknown;
  try {
    parsed = JSON.parse(name === '-' ? await text(process.stdin) : await readFile(name, 'utf8'));
  } catch (error) {
    throw new CliError(`cannot read a status from ${given}: ${messageOf(error)}`);
  }
  const found = eitherSchema.safeParse(parsed);
  if (!found.success)
    throw new CliError(
      `${given} holds no status of a device: save one with "holdfast describe device ID -o json", from its topic "status", or on the device with "holdfast-agent status -o json"`,
    );
  return typeof found.data === 'string' ? nothingTold(found.data) : found.data;
}

function nothingTold(device: string): never {
  throw new CliError(`the device "${safe(device)}" has not told its status yet`, 1);
}
