import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stateError } from '../../../agent/store/failure.ts';
import { type OpenedStore, openStore } from '../../../agent/store/open-store.ts';
import { readStore } from '../../../agent/store/read-store.ts';
import { OUTBOX_CAP } from '../../../agent/store/store.ts';
import type { Ask } from '../../../fleet/model/ask.ts';
import type { Desired } from '../../../fleet/model/desired.ts';
import type { InventoryItem } from '../../../fleet/model/inventory.ts';
import { type AppVersion, NO_ROLLOUT, type Rollout } from '../../../fleet/model/rollout.ts';
import { appOf, serviceOf } from '../../fleet/reconcile/support/desired.ts';

const DESIRED: Desired = {
  device: 'edge-01',
  revision: `main@sha1:${'a'.repeat(40)}`,
  labels: { site: 'berlin' },
  intervalMs: null,
  suspend: false,
  apps: [],
  secretValues: [],
  salt: '',
  origins: {},
};

const ITEM: InventoryItem = {
  kind: 'container',
  name: 'kiosk-web-1',
  resource: 'service:kiosk/web',
  app: 'kiosk',
  applied: { image: 'nginx:1.27', ports: ['80/tcp'], read_only: null },
  revision: DESIRED.revision,
};

const ASK: Ask = {
  kind: 'privileged',
  app: 'kiosk',
  service: 'web',
  key: 'services.web.privileged',
  place: { file: 'compose.yaml', line: 3, column: 5 },
};

const GOOD: AppVersion = {
  app: { ...appOf('kiosk'), services: [serviceOf('web')] },
  revision: DESIRED.revision,
  secretValues: ['s3cret'],
  asks: [ASK],
};

const ROLLOUT: Rollout = {
  goods: [GOOD],
  begun: [{ ...GOOD, revision: `main@sha1:${'c'.repeat(40)}` }],
  lastGood: DESIRED.revision,
  quarantine: [
    {
      app: 'kiosk',
      spec: 'f00',
      revision: `main@sha1:${'b'.repeat(40)}`,
      reason: 'HealthCheckFailed',
      message: 'kiosk/web: unhealthy',
      since: '2026-01-01T00:00:00.000Z',
    },
  ],
};

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(stateDir: string): OpenedStore {
  const store = openStore({ stateDir });
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // Closed by the test already.
    }
  });
  return store;
}

/** Everything that a write would change on disk. */
function fingerprint(stateDir: string): string {
  return readdirSync(stateDir)
    .filter((name) => !name.endsWith('-shm'))
    .map((name) => `${name} ${statSync(join(stateDir, name)).size} ${readFileSync(join(stateDir, name), 'base64')}`)
    .join('\n');
}

describe('the store', () => {
  it('gives back after a restart what was put before', () => {
    const stateDir = scratch();
    const first = open(stateDir);
    first.putInventory(ITEM);
    first.putAccepted(DESIRED, [], null);
    first.putRollout(ROLLOUT);
    first.putApplied(DESIRED.revision);
    first.putStatus('{"sync":"Synced"}');
    first.replaceDriftSince([{ key: 'service:kiosk/web|image', since: '2026-01-01T00:00:00Z' }]);
    first.pushOutbox('t', 'p');
    first.close();
    const second = open(stateDir);
    expect(second.inventory()).toEqual([ITEM]);
    expect(second.accepted()).toEqual(DESIRED);
    expect(second.rollout()).toEqual(ROLLOUT);
    expect(second.applied()).toBe(DESIRED.revision);
    expect(second.status()).toBe('{"sync":"Synced"}');
    expect(second.driftSince()).toEqual([{ key: 'service:kiosk/web|image', since: '2026-01-01T00:00:00Z' }]);
    expect(second.peekOutbox(10)).toMatchObject([{ topic: 't', payload: 'p' }]);
  });

  it('keeps its instance and counts boots', () => {
    const stateDir = scratch();
    const first = open(stateDir);
    expect(first.identity.boot).toBe(1);
    first.close();
    const second = open(stateDir);
    expect(second.identity).toEqual({ instance: first.identity.instance, boot: 2 });
    expect(open(scratch()).identity.instance).not.toBe(first.identity.instance);
  });

  it('replaces an inventory item of the same kind and name, and removes only what is named', () => {
    const store = open(scratch());
    store.putInventory(ITEM);
    store.putInventory({ ...ITEM, applied: { image: 'nginx:1.28' } });
    store.putInventory({ ...ITEM, kind: 'network' });
    expect(store.inventory()).toHaveLength(2);
    store.removeInventory('container', ITEM.name);
    expect(store.inventory()).toEqual([{ ...ITEM, kind: 'network' }]);
  });

  it('writes nothing when nothing changed', () => {
    const stateDir = scratch();
    const store = open(stateDir);
    const put = (): void => {
      store.putInventory(ITEM);
      store.removeInventory('volume', 'none');
      store.putAccepted(DESIRED, [], null);
      store.putApplied('r');
      store.putStatus('{}');
      store.replaceDriftSince([
        { key: 'a', since: '1' },
        { key: 'b', since: '2' },
      ]);
    };
    put();
    const before = fingerprint(stateDir);
    put();
    store.replaceDriftSince([
      { key: 'b', since: '2' },
      { key: 'a', since: '1' },
    ]);
    expect(fingerprint(stateDir)).toBe(before);
    store.putStatus('{"changed":1}');
    expect(fingerprint(stateDir)).not.toBe(before);
  });

  it('holds the newest events up to the cap and counts the dropped', () => {
    const store = open(scratch());
    for (let index = 0; index < OUTBOX_CAP + 7; index++) store.pushOutbox('t', String(index));
    const held = store.peekOutbox(OUTBOX_CAP * 2);
    expect(held).toHaveLength(OUTBOX_CAP);
    expect(held[0]?.payload).toBe('7');
    expect(store.droppedFromOutbox()).toBe(7);
    store.ackOutbox(held[0]?.id ?? 0);
    expect(store.peekOutbox(1)[0]?.payload).toBe('8');
  });

  it('takes a damaged row for absent', () => {
    const stateDir = scratch();
    const store = open(stateDir);
    store.putInventory(ITEM);
    const raw = new DatabaseSync(join(stateDir, 'state.db'));
    raw.exec(
      `INSERT INTO meta VALUES ('snapshot.accepted', '{"device":'), ('snapshot.last_good', '{"device":"x"}'), ('good.kiosk', '{"app":{}}'), ('begun', '[{}]'), ('quarantine', '[{}]')`,
    );
    raw.exec(`INSERT INTO inventory VALUES ('volume', 'v', '{"kind":"volume"}')`);
    raw.close();
    expect(store.accepted()).toBeNull();
    expect(store.rollout()).toEqual(NO_ROLLOUT);
    expect(store.inventory()).toEqual([ITEM]);
  });
});

it('what an older agent accepted is read as if this one had written it', () => {
  const stateDir = scratch();
  const store = open(stateDir);
  const { secretValues: _values, origins: _origins, ...older } = DESIRED;
  const service = { name: 'web', container_name: 'kiosk-web-1', image: 'nginx:1', mounts: [], networks: {} };
  const app = {
    name: 'kiosk',
    services: [service],
    networks: [{ key: 'front', subnets: ['10.0.0.0/24'] }],
    volumes: [],
  };
  const raw = new DatabaseSync(join(stateDir, 'state.db'));
  const put = raw.prepare("INSERT INTO meta VALUES ('snapshot.accepted', ?)");
  put.run(JSON.stringify({ ...older, apps: [app] }));
  raw.close();
  expect(store.accepted()).toEqual({
    ...DESIRED,
    apps: [
      {
        ...app,
        ...{ correct: [], warn: [], insideMs: null, suspend: false, windows: [] },
        services: [{ ...service, number: 1 }],
        networks: [{ key: 'front', ipam: { config: [{ subnet: '10.0.0.0/24' }] } }],
      },
    ],
  });
});

describe('good and failed versions', () => {
  it('are written only where they changed, and go when they are no longer there', () => {
    const stateDir = scratch();
    const store = open(stateDir);
    store.putRollout(ROLLOUT);
    const before = fingerprint(stateDir);
    store.putRollout(structuredClone(ROLLOUT));
    expect(fingerprint(stateDir)).toBe(before);
    store.putRollout({ ...ROLLOUT, quarantine: [] });
    expect(store.rollout()).toEqual({ ...ROLLOUT, quarantine: [] });
    store.putRollout(NO_ROLLOUT);
    expect(store.rollout()).toEqual(NO_ROLLOUT);
  });

  it('of an older agent are those of the device as a whole, until this one writes its own', () => {
    const stateDir = scratch();
    const store = open(stateDir);
    const older = { ...DESIRED, apps: [GOOD.app], secretValues: ['s3cret'] };
    store.putAccepted(older, [ASK], null);
    const raw = new DatabaseSync(join(stateDir, 'state.db'));
    raw.prepare("INSERT INTO meta VALUES ('snapshot.last_good', ?)").run(JSON.stringify(older));
    raw.close();
    expect(store.rollout()).toEqual({ ...ROLLOUT, begun: [], quarantine: [] });
    store.putRollout({ ...ROLLOUT, lastGood: 'main@sha1:newer' });
    expect(store.rollout()).toEqual({ ...ROLLOUT, lastGood: 'main@sha1:newer' });
  });
});

describe('a corrupt state file', () => {
  it.each([
    [
      'is no database',
      (file: string) => writeFileSync(file, 'this is not a database, and long enough to be read '.repeat(100)),
    ],
    ['is damaged inside', (file: string) => damage(file)],
  ])('that %s is set aside and rebuilt as a new instance', (_, spoil) => {
    const stateDir = scratch();
    const first = open(stateDir);
    for (let index = 0; index < 200; index++) first.putInventory({ ...ITEM, name: `kiosk-web-${index}` });
    first.close();
    spoil(join(stateDir, 'state.db'));
    const second = open(stateDir);
    expect(second.setAside).toBe(join(stateDir, 'state.db.corrupt-1'));
    expect(existsSync(join(stateDir, 'state.db.corrupt-1'))).toBe(true);
    expect(second.inventory()).toEqual([]);
    expect(second.identity.instance).not.toBe(first.identity.instance);
    expect(second.identity.boot).toBe(1);
  });

  it('is kept beside an earlier one', () => {
    const stateDir = scratch();
    for (const number of [1, 2]) {
      writeFileSync(join(stateDir, 'state.db'), 'x'.repeat(4096));
      const store = open(stateDir);
      expect(store.setAside).toBe(join(stateDir, `state.db.corrupt-${number}`));
      store.close();
    }
  });

  it('that is empty or gone is simply a new state', () => {
    const stateDir = scratch();
    writeFileSync(join(stateDir, 'state.db'), '');
    const store = open(stateDir);
    expect(store.setAside).toBeNull();
    expect(store.identity.boot).toBe(1);
  });

  it('of a newer program is not touched', () => {
    const stateDir = scratch();
    open(stateDir).close();
    const raw = new DatabaseSync(join(stateDir, 'state.db'));
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    expect(() => openStore({ stateDir })).toThrow(/newer agent/);
    expect(readdirSync(stateDir).filter((name) => name.includes('corrupt'))).toEqual([]);
  });
});

describe('one agent per state directory', () => {
  it('a second one is refused, in the same process and in another', async () => {
    const stateDir = scratch();
    const store = open(stateDir);
    expect(() => openStore({ stateDir })).toThrow(
      expect.objectContaining({ code: 'StateUnavailable', message: expect.stringContaining('another agent uses') }),
    );
    const child = run(stateDir, 'openStore({ stateDir })');
    expect(await child.ended).not.toBe(0);
    expect(child.errors()).toContain('another agent uses');
    store.putApplied('still mine');
    store.close();
    expect(open(stateDir).applied()).toBe('still mine');
  });

  it('the lock goes with kill -9', async () => {
    const stateDir = scratch();
    const child = run(
      stateDir,
      'const store = openStore({ stateDir }); console.log("open"); setInterval(() => store.applied(), 1000)',
    );
    await child.said('open');
    expect(() => openStore({ stateDir })).toThrow(/another agent uses/);
    child.kill();
    await child.ended;
    expect(open(stateDir).identity.boot).toBe(2);
  });

  it('a reader works beside it, sees what it committed, and counts no boot', () => {
    const stateDir = scratch();
    expect(readStore(stateDir)).toBeNull();
    const store = open(stateDir);
    store.putStatus('{"sync":"Synced"}');
    const reader = readStore(stateDir);
    expect(reader?.status()).toBe('{"sync":"Synced"}');
    expect(reader?.identity).toEqual(store.identity);
    store.putApplied('r2');
    expect(reader?.applied()).toBe('r2');
    reader?.close();
    store.close();
    const later = readStore(stateDir);
    expect(later?.applied()).toBe('r2');
    later?.close();
    expect(open(stateDir).identity.boot).toBe(2);
  });

  it('a folder that cannot be made is StateUnavailable', () => {
    const stateDir = scratch();
    writeFileSync(join(stateDir, 'file'), '');
    chmodSync(join(stateDir, 'file'), 0o600);
    expect(() => openStore({ stateDir: join(stateDir, 'file') })).toThrow(
      expect.objectContaining({ code: 'StateUnavailable' }),
    );
  });
});

it('kill -9 in the middle of writes leaves the old state or the new one, never part', async () => {
  const stateDir = scratch();
  const writer = `
    const store = openStore({ stateDir });
    console.log('open');
    for (let n = 0; ; n++) {
      store.replaceDriftSince(Array.from({ length: 40 }, (_, i) => ({ key: 'k' + i, since: String(n) })));
      if (n === 5) console.log('busy');
    }`;
  for (let round = 0; round < 6; round++) {
    const child = run(stateDir, writer);
    await child.said('busy');
    await sleep(round * 7);
    child.kill();
    await child.ended;
    const store = open(stateDir);
    expect(store.setAside).toBeNull();
    const drift = store.driftSince();
    expect(drift).toHaveLength(40);
    expect(new Set(drift.map((entry) => entry.since)).size).toBe(1);
    expect(store.identity.boot).toBe((round + 1) * 2);
    store.close();
  }
}, 30_000);

function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, 4096, Math.min(bytes.length, 4096 * 6));
  writeFileSync(file, bytes);
}

/** Runs code in another process, with `openStore` and `stateDir` at hand. */
function run(stateDir: string, code: string) {
  const module = new URL('../../../agent/store/open-store.ts', import.meta.url).href;
  const script = `import { openStore } from ${JSON.stringify(module)}; const stateDir = ${JSON.stringify(stateDir)}; ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    ended,
    errors: () => err,
    kill: () => void child.kill('SIGKILL'),
    async said(word: string) {
      const deadline = Date.now() + 15_000;
      while (!out.includes(word)) {
        if (Date.now() > deadline) throw new Error(`the child never said ${word}: ${err}`);
        await sleep(5);
      }
    },
  };
}

it('only its owner can read the state, whatever the folder and file were before', () => {
  const stateDir = scratch();
  chmodSync(stateDir, 0o755);
  const before = process.umask(0);
  try {
    open(stateDir).close();
    chmodSync(join(stateDir, 'state.db'), 0o644);
    open(stateDir).pushOutbox('t', 'p');
  } finally {
    process.umask(before);
  }
  expect(statSync(stateDir).mode & 0o777).toBe(0o700);
  const files = readdirSync(stateDir).filter((name) => name.startsWith('state.db'));
  expect(files).toContain('state.db-wal');
  for (const name of files) expect([name, statSync(join(stateDir, name)).mode & 0o777]).toEqual([name, 0o600]);
});

it.each([
  ['a failing disk', { errcode: 10 | (3 << 8) }],
  ['a full disk', { errcode: 13 }],
  ['a read-only file system', { code: 'EROFS' }],
  ['a broken disk', { code: 'EIO' }],
  ['a full quota', { code: 'EDQUOT' }],
])('%s is DiskPressure', (_, fields) => {
  expect(stateError('/state', Object.assign(new Error('x'), fields)).code).toBe('DiskPressure');
});

describe('what the policy needs to know after a restart', () => {
  it('is what the accepted revision asks, and of no other', () => {
    const stateDir = scratch();
    const store = open(stateDir);
    store.putAccepted(DESIRED, [ASK], 'anna');
    store.close();
    const again = open(stateDir);
    expect(again.asks(DESIRED.revision)).toEqual([ASK]);
    expect(again.asks('main@sha1:other')).toEqual([]);
  });

  it('leaves out asks that a newer agent wrote', () => {
    const store = open(scratch());
    store.putAccepted(DESIRED, [ASK, { ...ASK, kind: 'teleport' } as unknown as Ask], null);
    expect(store.asks(DESIRED.revision)).toEqual([ASK]);
  });

  it('is which images were verified, also for commands beside the agent', () => {
    const stateDir = scratch();
    const store = open(stateDir);
    expect(store.verifiedImages()).toEqual([]);
    const image = { repository: 'ghcr.io/team/app', digest: 'sha256:1', key: 'SHA256:k' };
    store.putVerifiedImages([image]);
    expect(store.verifiedImages()).toEqual([image]);
    const beside = readStore(stateDir);
    expect(beside?.verifiedImages()).toEqual([image]);
    beside?.close();
  });
});
