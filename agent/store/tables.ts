// Reads rows of the state file into the loop's types. A row that does not parse is as good as absent: it is ours,
// but a damaged disk or an older agent may have written it. Never writes.
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { InventoryItem } from '../../fleet/model/inventory.ts';
import type { Rollout } from '../../fleet/model/rollout.ts';
import { isAsk } from '../../fleet/policy/rules.ts';
import { fromOlder, type OlderDesired } from './older.ts';
import { isApp, parseJson } from './parse.ts';
import { LAST_GOOD_SNAPSHOT, parseRollout, ROLLOUT_KEYS } from './rollout-rows.ts';
import type { AcceptedSigner, BroughtImage, DriftSince, OutboxMessage, VerifiedImage } from './store.ts';

const inventorySchema = z.object({
  kind: z.enum(['container', 'network', 'volume']),
  name: z.string().min(1),
  id: z.string().exactOptional(),
  resource: z.string(),
  app: z.string(),
  applied: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
  revision: z.string(),
});

const signerSchema = z.object({ revision: z.string(), signedBy: z.string().nullable() });

const verifiedSchema = z.array(z.object({ repository: z.string(), digest: z.string(), key: z.string() }));

const broughtSchema = z.array(z.object({ id: z.string(), reference: z.string(), unusedS: z.number().nonnegative() }));

export interface Tables {
  meta(key: string): string | null;
  inventory(): readonly InventoryItem[];
  /** null: absent, or not a desired state. */
  accepted(): Desired | null;
  rollout(): Rollout;
  /** The rows that a record of good and failed versions is read from. */
  rolloutRows(): ReadonlyMap<string, string>;
  signer(): AcceptedSigner | null;
  asks(revision: string): readonly Ask[];
  verifiedImages(): readonly VerifiedImage[];
  broughtImages(): readonly BroughtImage[];
  driftSince(): readonly DriftSince[];
  outbox(limit: number): readonly OutboxMessage[];
}

export function readTables(db: DatabaseSync): Tables {
  const meta = db.prepare('SELECT value FROM meta WHERE key = ?');
  const inventory = db.prepare('SELECT item FROM inventory ORDER BY kind, name');
  const rollout = db.prepare(`SELECT key, value FROM meta WHERE ${ROLLOUT_KEYS}`);
  const drift = db.prepare('SELECT key, since FROM drift_since ORDER BY key');
  const outbox = db.prepare('SELECT id, topic, payload FROM outbox ORDER BY id LIMIT ?');
  const readMeta = (key: string): string | null => {
    const value = meta.get(key)?.value;
    return typeof value === 'string' ? value : null;
  };
  const asks = (revision: string) => parseAsks(parseJson(readMeta('asks') ?? 'null'), revision);
  const rolloutRows = () =>
    new Map(rollout.all().map(({ key, value }): [string, string] => [String(key), String(value)]));
  return {
    meta: readMeta,
    inventory: () => inventory.all().flatMap((row) => parseInventory(String(row.item))),
    accepted: () => parseDesired(readMeta('snapshot.accepted')),
    rollout: () => parseRollout(rolloutRows(), parseDesired(readMeta(LAST_GOOD_SNAPSHOT)), asks),
    rolloutRows,
    signer: () => signerSchema.safeParse(parseJson(readMeta('signer') ?? 'null')).data ?? null,
    asks,
    verifiedImages: () => verifiedSchema.safeParse(parseJson(readMeta('verified-images') ?? 'null')).data ?? [],
    broughtImages: () => broughtSchema.safeParse(parseJson(readMeta('brought-images') ?? 'null')).data ?? [],
    driftSince: () => drift.all().map((row) => ({ key: String(row.key), since: String(row.since) })),
    outbox: (limit) =>
      outbox.all(limit).map((row) => ({ id: Number(row.id), topic: String(row.topic), payload: String(row.payload) })),
  };
}

function parseInventory(json: string): readonly InventoryItem[] {
  const parsed = inventorySchema.safeParse(parseJson(json));
  return parsed.success ? [parsed.data] : [];
}

function parseAsks(value: unknown, revision: string): readonly Ask[] {
  if (typeof value !== 'object' || value === null) return [];
  const stored = value as { readonly revision?: unknown; readonly asks?: unknown };
  return stored.revision === revision && Array.isArray(stored.asks) ? stored.asks.filter(isAsk) : [];
}

function parseDesired(json: string | null): Desired | null {
  const value = json === null ? null : parseJson(json);
  return isDesired(value) ? fromOlder(value) : null;
}

/** Only the outline: the rest was made by this program and is covered by the file's own checks. */
function isDesired(value: unknown): value is OlderDesired {
  if (typeof value !== 'object' || value === null) return false;
  const { device, revision, labels, apps } = value as Partial<Record<keyof Desired, unknown>>;
  if (typeof device !== 'string' || typeof revision !== 'string') return false;
  return typeof labels === 'object' && labels !== null && Array.isArray(apps) && apps.every(isApp);
}
