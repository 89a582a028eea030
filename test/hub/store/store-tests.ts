// What every store has to do, whichever engine it stands on: one table of tests, run against SQLite and PostgreSQL.
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Status } from '../../../fleet/wire/messages.ts';
import type { DeviceItem, DriftGroup } from '../../../hub/api/schemas.ts';
import type { NewEvent } from '../../../hub/ingest/effects.ts';
import type { Outcome, Work } from '../../../hub/ingest/judge.ts';
import { judge } from '../../../hub/ingest/judge.ts';
import { itemOf } from '../../../hub/store/device-row.ts';
import { allDevices } from '../../../hub/store/feed.ts';
import { openStore, type Store } from '../../../hub/store/store.ts';
import { at, drift, event, presence, START, status } from '../sample.ts';

const LIMITS = { newDevices: 1_000, staleAfterMs: 60_000 };

export function storeTests(address: () => Promise<string>): void {
  let url: string;
  let made = 0;
  let store: Store;
  beforeEach(async () => {
    url = await address();
    store = await openStore({ url });
  });
  afterEach(() => store.close());

  /** Messages of one device each, as one batch. */
  async function write(bodies: readonly Body[], now = START): Promise<readonly Outcome[]> {
    const works = bodies.map(work);
    let outcomes: readonly Outcome[] = [];
    const keys = bodies.map(({ device }) => ({ fleet: 'acme', device }));
    await store.update(
      keys,
      (known) => {
        const judged = judge(works, known, now, LIMITS);
        outcomes = judged.outcomes;
        return judged.changes;
      },
      now,
    );
    return outcomes;
  }

  async function devices(): Promise<DeviceItem[]> {
    const all: DeviceItem[] = [];
    for await (const rows of allDevices(store.database)) all.push(...rows.map(itemOf));
    return all;
  }

  test('what was committed is there after it was closed and opened again', async () => {
    await write([presence(), status({ drift: [drift()] })]);
    await store.close();
    store = await openStore({ url });
    expect(await devices()).toMatchObject([{ id: 'edge-01', presence: 'online', sync: 'Synced', drift: 1 }]);
    expect(await store.status('acme', 'edge-01')).toEqual(status({ drift: [drift()] }));
    expect(await write([status({ drift: [drift()] }), status({ seq: 0 })])).toEqual(['duplicate', 'late']);
  });

  test('whatever the order, the repeats and the batches, the highest (boot, seq) of an instance stays', async () => {
    const sent = [1, 2].flatMap((boot) => [1, 2, 3, 4].map((seq) => ({ boot, seq })));
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...sent, ...sent], { minLength: 1 }),
        fc.integer({ min: 1, max: 5 }),
        async (order, size) => {
          const device = `edge-${made++}`;
          for (let from = 0; from < order.length; from += size) {
            const batch = order.slice(from, from + size);
            await write(batch.map(({ boot, seq }) => status({ device, boot, seq, labels: { at: `${boot}/${seq}` } })));
          }
          const [best] = [...order].sort((a, b) => b.boot - a.boot || b.seq - a.seq);
          const one = (await devices()).find((item) => item.id === device);
          expect(one?.labels).toEqual({ at: `${best?.boot}/${best?.seq}` });
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a device that says nothing new about its drift changes none, also after many batches', async () => {
    for (const seq of [1, 2, 3]) await write([status({ seq, drift: [drift({ by: 'update at 12:03:10Z' })] })]);
    const rows = await store.database.db.selectFrom('drift').selectAll().execute();
    expect(rows).toMatchObject([{ opened: START, closed: null, by: 'update at 12:03:10Z' }]);
  });

  test('drift is an interval: what closes and opens again within one batch are two', async () => {
    await write([status({ seq: 1, drift: [drift()] })], START);
    const values = [
      status({ seq: 2 }),
      status({ seq: 3, drift: [drift()] }),
      status({ seq: 4, drift: [drift({ observed: 'x' })] }),
    ];
    await write(values, START + 5_000);
    const rows = await store.database.db.selectFrom('drift').selectAll().orderBy('id').execute();
    expect(rows.map(({ opened, closed, observed }) => [opened - START, closed && closed - START, observed])).toEqual([
      [0, 5_000, '"UTC"'],
      [5_000, null, '"x"'],
    ]);
    const page = await store.drift(undefined, 10);
    expect(page).toMatchObject({ total: 1, items: [{ app: 'kiosk', service: 'web', observed: 'x' }] });
  });

  test('apps, services and labels are those of the last status', async () => {
    await write([status({ labels: { site: 'berlin', ring: 'canary' } })]);
    const [app] = status().apps;
    const apps: Status['apps'] =
      app === undefined
        ? []
        : [
            { ...app, services: [] },
            { ...app, name: 'other' },
          ];
    await write([status({ seq: 2, labels: { site: 'paris' }, apps })]);
    const { db } = store.database;
    expect(await db.selectFrom('labels').select(['key', 'value']).execute()).toEqual([{ key: 'site', value: 'paris' }]);
    expect((await db.selectFrom('apps').select('app').orderBy('app').execute()).map((row) => row.app)).toEqual([
      'kiosk',
      'other',
    ]);
    expect(await db.selectFrom('services').select(['app', 'service']).execute()).toEqual([
      { app: 'other', service: 'web' },
    ]);
    const restarted = apps.map((one) => ({ ...one, services: one.services.map((web) => ({ ...web, restarts: 7 })) }));
    const twice = restarted.map((one) => ({ ...one, services: [...one.services, ...one.services] }));
    await write([status({ seq: 3, labels: {}, apps: restarted })]);
    await write([status({ seq: 4, labels: {}, apps: twice })]);
    expect(await db.selectFrom('labels').selectAll().execute()).toEqual([]);
    expect(await db.selectFrom('services').select(['app', 'service', 'restarts']).execute()).toEqual([
      { app: 'other', service: 'web', restarts: 7 },
    ]);
  });

  test('a device of which nothing is taken leaves nothing behind', async () => {
    await store.update([{ fleet: 'acme', device: 'edge-09' }], () => [], START);
    expect(await store.database.db.selectFrom('devices').select('device').execute()).toEqual([]);
  });

  test('an event is written once, whatever the batch, and ids grow in the order of arrival', async () => {
    const many = Array.from({ length: 20 }, (_, seq) => event({ seq, message: String(seq) }));
    await write([...many, ...many]);
    await write(many);
    const events = await store.events({ limit: 100 });
    expect(events.map(({ message }) => message)).toEqual(many.map(({ message }) => message).reverse());
  });

  test('events are found by device, fleet, severity, time and page', async () => {
    await write([
      event({ seq: 1, message: 'a' }),
      event({ device: 'edge-02', seq: 1, severity: 'error', message: 'b' }),
    ]);
    await write([event({ seq: 2, message: 'c' })], START + 1_000);
    const of = async (query: object) => (await store.events({ limit: 10, ...query })).map(({ message }) => message);
    expect(await of({})).toEqual(['c', 'b', 'a']);
    expect(await of({ device: 'edge-01', fleet: 'acme' })).toEqual(['c', 'a']);
    expect(await of({ fleet: 'beta' })).toEqual([]);
    expect(await of({ severity: 'error' })).toEqual(['b']);
    expect(await of({ since: START + 500 })).toEqual(['c']);
    const [newest] = await store.events({ limit: 1 });
    expect(await of({ before: newest?.id })).toEqual(['b', 'a']);
  });

  test('strings of a device are data: quotes, SQL, HTML, control characters come back as they were', async () => {
    const message = `'); drop table devices; -- <img src=x onerror=alert(1)> =cmd|' /C calc'!A0 \u001b[31m\r\n"$\{x}" \u2028\uffff`;
    await write([status({ labels: { __proto__x: message, "a'b": '"' } }), event({ message })]);
    expect((await store.events({ limit: 1 }))[0]?.message).toBe(message);
    expect((await devices())[0]?.labels).toEqual({ __proto__x: message, "a'b": '"' });
  });

  test('a batch is written whole or not at all', async () => {
    const failing = store.update(
      [{ fleet: 'acme', device: 'edge-01' }],
      (known) => [
        ...judge([work(presence())], known, START, LIMITS).changes,
        {
          fleet: 'acme',
          device: 'edge-01',
          entry: null,
          effects: [{ kind: 'event', origin: null, event: { ...broken } }],
        },
      ],
      START,
    );
    await expect(failing).rejects.toThrow();
    expect(await devices()).toEqual([]);
  });

  test('two writers at once give one order: the highest (boot, seq) stays, and every message has one outcome', async () => {
    const other = await openStore({ url });
    const outcomes: Outcome[] = [];
    const ids = Array.from({ length: 40 }, (_, index) => `edge-${index}`);
    const write = async (on: Store, seq: number) => {
      const works = ids.map((device) => work(status({ device, seq, labels: { seq: String(seq) } })));
      let found: readonly Outcome[] = [];
      await on.update(
        ids.map((device) => ({ fleet: 'acme', device })),
        (known) => {
          const judged = judge(works, known, START, LIMITS);
          found = judged.outcomes;
          return judged.changes;
        },
        START,
      );
      outcomes.push(...found);
    };
    // SQLite is one hub's; what is tested there is that transactions do not get into each other.
    const second = store.database.engine === 'postgres' ? other : store;
    const seqs = Array.from({ length: 12 }, (_, index) => index + 1);
    await Promise.all(seqs.map((seq) => write(seq % 2 === 0 ? store : second, seq)));
    await other.close();
    expect((await devices()).map(({ labels }) => labels)).toEqual(ids.map(() => ({ seq: '12' })));
    expect(outcomes).toHaveLength(40 * 12);
    expect(new Set(outcomes).size).toBeLessThanOrEqual(2);
  });

  test('open drift is counted by field, service, app, revision and label, with when and an example', async () => {
    const missing = drift({ resource: 'network:kiosk/front', kind: 'missing', field: null, since: at(9) });
    const berlin = { site: 'berlin' };
    await write([
      status({ drift: [drift({ since: at(5) }), missing], labels: berlin }),
      status({ device: 'edge-02', drift: [drift({ since: at(3) })], labels: { site: 'paris', ring: 'a' } }),
      status({ device: 'edge-03', drift: [drift({ resource: 'service:shop/web' })], labels: berlin }),
    ]);
    await write([status({ device: 'edge-04', drift: [drift()] }), status({ device: 'edge-04', seq: 2 })]);
    const lines = async (by: DriftGroup) =>
      (await store.drift(by, 10)).groups.map(({ key, open, devices }) => `${key} ${open} ${devices}`);
    expect(await lines('field')).toEqual(['environment.TZ 3 3', 'missing 1 1']);
    expect(await lines('service')).toEqual(['kiosk/web 2 2', 'network:kiosk/front 1 1', 'shop/web 1 1']);
    expect(await lines('app')).toEqual(['kiosk 3 2', 'shop 1 1']);
    expect(await lines('revision')).toEqual([`${status().revision.applied} 4 3`]);
    expect(await lines('label')).toEqual(['site=berlin 3 2', 'ring=a 1 1', 'site=paris 1 1']);
    const [field] = (await store.drift('field', 10)).groups;
    expect(field).toMatchObject({ since: at(0), sample: { resource: 'service:kiosk/web' } });
    expect(await store.drift('field', 10)).toMatchObject({ total: 4, items: [] });
  });

  test('what is wrong is one line a cause, with how many have it, are being led back, and got over it', async () => {
    const condition = (
      type: 'Ready' | 'Reconciling' | 'Stalled',
      is: 'True' | 'False',
      reason: 'HealthCheckFailed' | 'Progressing' | 'Succeeded',
    ) => ({ type, status: is, reason, message: `${reason} here`, since: at(0) }) as const;
    const failed = [condition('Ready', 'False', 'HealthCheckFailed')];
    const retrying = [condition('Ready', 'False', 'Progressing'), condition('Reconciling', 'True', 'Progressing')];
    const ids = Array.from({ length: 30 }, (_, index) => `edge-${String(index).padStart(2, '0')}`);
    await write(
      ids.map((device) => status({ device, conditions: failed, drift: device < 'edge-03' ? [drift()] : [] })),
    );
    await write(
      ids.slice(10, 20).map((device) => status({ device, seq: 2, conditions: retrying })),
      START + 1_000,
    );
    await write(
      ids.slice(20).map((device) => status({ device, seq: 2 })),
      START + 2_000,
    );
    const causes = await store.causes(START + 3_000, 10);
    expect(
      causes.map(({ kind, reason, affected, recovering, recovered }) => [
        kind,
        reason,
        affected,
        recovering,
        recovered,
      ]),
    ).toEqual([
      ['condition', 'HealthCheckFailed', 20, 10, 10],
      ['drift', 'environment.TZ', 3, 0, 0],
    ]);
    expect(causes[0]).toMatchObject({
      since: at(0),
      revision: status().revision.desired,
      sample: { device: 'edge-00', message: 'HealthCheckFailed here' },
    });
    expect((await store.causes(START + 2 * 3_600_000, 10))[0]?.recovered).toBe(0);
  });

  test('history has a point a step over all fleets, once a minute however many hubs sample, and drift minutes within it', async () => {
    const sample = (fleet: string, synced: number) => ({
      fleet,
      devices: 10,
      online: 9,
      synced,
      degraded: 1,
      drift_devices: 0,
      drift_open: 0,
    });
    const minute = START - (START % 60_000);
    for (const [index, synced] of [2, 4, 6, 8].entries()) {
      await store.addSamples([sample('acme', synced), sample('beta', 10)], minute + index * 60_000);
      await store.addSamples([sample('acme', 0)], minute + index * 60_000 + 20_000);
    }
    await write([status({ drift: [drift()] })], minute - 600_000);
    await write([status({ seq: 2, drift: [] })], minute + 120_000);
    await write([status({ device: 'edge-02', drift: [drift()] })], minute + 180_000);
    const window = { from: minute, to: minute + 240_000, points: 2 };
    const history = await store.history(window);
    expect(history).toMatchObject({ step_s: 120, drift_minutes: 3 });
    expect(history.points.map(({ devices, synced }) => [devices, synced])).toEqual([
      [20, 13],
      [20, 17],
    ]);
    expect((await store.history({ ...window, fleet: 'beta' })).points.map(({ synced }) => synced)).toEqual([10, 10]);
  });

  test('a rollout is timed from when the first device wanted it: half, 95 % and the last; who had it before does not count', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `edge-${String(index).padStart(2, '0')}`);
    const at1 = (desired: string, applied: string | null) => ({ desired, applied, last_good: null, signed_by: null });
    await write(ids.map((device) => status({ device, revision: at1('main@sha1:1', 'main@sha1:1') })));
    await write(
      ids.map((device) => status({ device, seq: 2, revision: at1('main@sha1:2', 'main@sha1:1') })),
      START + 60_000,
    );
    for (const [index, device] of ids.slice(0, 19).entries()) {
      await write(
        [status({ device, seq: 3, revision: at1('main@sha1:2', 'main@sha1:2') })],
        START + 60_000 + (index + 1) * 1_000,
      );
    }
    await write([status({ device: 'new', revision: at1('main@sha1:2', 'main@sha1:2') })], START + 900_000);
    expect(await store.rollouts({ limit: 10 })).toEqual([
      {
        ...{ fleet: 'acme', revision: 'main@sha1:2', devices: 20, applied: 19, p50_s: 10, p95_s: 19, last_s: 19 },
        ...{ first_seen: at(60), committed: null },
      },
    ]);
    expect(await store.rollouts({ fleet: 'beta', limit: 10 })).toEqual([]);
  });

  test('what is kept is bounded by age and by number', async () => {
    for (let seq = 0; seq < 10; seq++) {
      await write(
        [event({ seq, message: String(seq) }), status({ seq, drift: seq % 2 === 0 ? [drift()] : [] })],
        START + seq,
      );
    }
    const keep = { before: 0, events: 1_000, drift: 1_000, revisions: 10 };
    await store.prune({ ...keep, before: START + 2 });
    expect((await store.events({ limit: 100, severity: 'warning' })).map(({ message }) => message)).toEqual([
      ...'98765432',
    ]);
    await store.prune({ ...keep, events: 3 });
    expect(await store.events({ limit: 100 })).toHaveLength(3);
    await store.prune({ ...keep, drift: 2 });
    const closed = await store.database.db
      .selectFrom('drift')
      .select('closed')
      .where('closed', 'is not', null)
      .execute();
    expect(closed.map((row) => (row.closed ?? 0) - START)).toEqual([7, 9]);
  });

  test('a lease has one holder at a time: renewed by who has it, taken by another when it is over or given back', async () => {
    const take = (holder: string, now: number) => store.takeLease({ name: 'x', holder, durationMs: 300, now });
    expect([await take('a', START), await take('b', START), await take('a', START + 1)]).toEqual([true, false, true]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([await take('b', START + 1_000), await take('a', START + 1_000)]).toEqual([true, false]);
    await store.dropLease({ name: 'x', holder: 'a' });
    expect(await take('a', START + 1_000)).toBe(false);
    await store.dropLease({ name: 'x', holder: 'b' });
    expect(await take('a', START + 1_000)).toBe(true);
  });

  test('messages that were not taken are counted by sender and cause', async () => {
    await store.addRejects([{ fleet: 'acme', device: 'edge-01', cause: 'schema', n: 2, at: START }]);
    await store.addRejects([{ fleet: 'acme', device: 'edge-01', cause: 'schema', n: 3, at: START + 9 }]);
    expect(await store.rejects(10)).toEqual([
      { fleet: 'acme', device: 'edge-01', cause: 'schema', n: 5, first_at: START, last_at: START + 9 },
    ]);
  });
}

const broken: NewEvent = {
  fleet: 'acme',
  device: 'edge-01',
  ts: at(0),
  received: at(0),
  severity: 'info',
  reason: 'Succeeded',
  message: null as unknown as string,
  revision: null,
  resource: null,
};

type Body = ReturnType<typeof presence> | Status | ReturnType<typeof event>;

function work(body: Body): Work {
  const from = { fleet: 'acme', device: body.device, retained: false };
  if ('online' in body) return { kind: 'message', message: { ...from, leaf: 'presence', body } };
  if ('sync' in body) return { kind: 'message', message: { ...from, leaf: 'status', body } };
  return { kind: 'message', message: { ...from, leaf: 'event', body } };
}
