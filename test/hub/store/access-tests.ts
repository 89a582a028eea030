// Tokens, sessions, credentials and the audit, on whichever engine: run against SQLite and PostgreSQL.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Access, TokenRecord } from '../../../hub/access/access.ts';
import { createAccess } from '../../../hub/store/access.ts';
import { type Database, openDatabase } from '../../../hub/store/database.ts';
import { START } from '../sample.ts';

export function accessTests(address: () => Promise<string>): void {
  let database: Database;
  let access: Access;
  beforeEach(async () => {
    database = await openDatabase({ url: await address() });
    access = createAccess(database.db);
  });
  afterEach(() => database.close());

  const token = (name: string, changes: Partial<TokenRecord> = {}) => ({
    ...{
      name,
      role: 'viewer' as const,
      created: START,
      by: 'root',
      expires: null,
      used: null,
      hash: `hash of ${name}`,
    },
    ...changes,
  });
  const entry = (actor: string, at = START) => ({
    ...{
      at,
      actor,
      role: 'admin' as const,
      action: 'token.create',
      subject: 'x',
      outcome: 'begun' as const,
      source: '',
    },
  });

  describe('access', () => {
    test('a token is found by its hash while it holds, and its use is noted to the minute', async () => {
      expect(await access.guarded()).toBe(false);
      expect(await access.addToken(token('vera', { expires: START + 100_000 }))).toBe(true);
      expect(await access.addToken(token('vera', { role: 'admin' }))).toBe(false);
      expect(await access.guarded()).toBe(true);
      expect(await access.findToken('hash of vera', START)).toMatchObject({ name: 'vera', role: 'viewer' });
      await access.findToken('hash of vera', START + 1000);
      expect((await access.tokens()).map(({ used }) => used)).toEqual([START]);
      await access.findToken('hash of vera', START + 60_000);
      expect((await access.tokens()).map(({ used }) => used)).toEqual([START + 60_000]);
      expect(await access.findToken('hash of vera', START + 100_000)).toBeNull();
      expect(await access.findToken('vera', START)).toBeNull();
      // All that there are have expired: that opens nothing.
      expect(await access.guarded()).toBe(true);
    });

    test('a session ends with its time, with its token, and when its owner leaves', async () => {
      await access.addToken(token('vera'));
      for (const hash of ['one', 'two']) await access.addSession({ hash, token: 'vera', expires: START + 1000 });
      expect(await access.findSession('one', START)).toMatchObject({ name: 'vera' });
      expect(await access.findSession('one', START + 1000)).toBeNull();
      await access.removeSession('one');
      expect(await access.findSession('one', START)).toBeNull();
      expect(await access.removeToken('vera')).toBe(true);
      expect(await access.findSession('two', START)).toBeNull();
      expect(await access.removeToken('vera')).toBe(false);
      // A new token of the same name inherits nothing.
      await access.addToken(token('vera'));
      expect(await access.findSession('two', START)).toBeNull();
    });

    test('credentials are those of the last enrolment, and a revoked device has none', async () => {
      expect(await access.credential('acme', 'edge-01')).toBeNull();
      await access.enroll('acme', 'edge-01', { salt: 's', hash: 'old' }, START);
      await access.enroll('acme', 'edge-01', { salt: 't', hash: 'new' }, START);
      await access.enroll('beta', 'edge-01', { salt: 'u', hash: 'other' }, START);
      expect(await access.credential('acme', 'edge-01')).toEqual({ salt: 't', hash: 'new', revoked: false });
      await access.revoke('acme', 'edge-01', START + 1);
      await access.revoke('acme', 'never-enrolled', START + 1);
      expect(
        (await access.devices()).map(({ fleet, device, hash, revoked }) => [fleet, device, hash, revoked]),
      ).toEqual([
        ['acme', 'edge-01', '', true],
        ['acme', 'never-enrolled', '', true],
        ['beta', 'edge-01', 'other', false],
      ]);
      await access.enroll('acme', 'edge-01', { salt: 'v', hash: 'again' }, START + 2);
      expect(await access.credential('acme', 'edge-01')).toEqual({ salt: 'v', hash: 'again', revoked: false });
    });

    test('the audit is newest first, filtered, paged, concluded, and forgets what is old', async () => {
      const first = await access.audit(entry('anna'));
      const second = await access.audit({ ...entry('olga', START + 10), action: 'device.reconcile', role: null });
      await access.concluded(first, 'done', 'acme/edge-01');
      expect(await access.trail({ limit: 10 })).toEqual([
        { ...entry('olga', START + 10), action: 'device.reconcile', role: null, id: second },
        { ...entry('anna'), id: first, outcome: 'done', subject: 'acme/edge-01' },
      ]);
      const ids = async (query: object) => (await access.trail({ limit: 10, ...query })).map(({ id }) => id);
      expect(await ids({ actor: 'anna' })).toEqual([first]);
      expect(await ids({ action: 'device.reconcile' })).toEqual([second]);
      expect(await ids({ subject: 'acme/edge-01' })).toEqual([first]);
      expect(await ids({ since: START + 5 })).toEqual([second]);
      expect(await ids({ before: second })).toEqual([first]);
      expect(await ids({ limit: 1 })).toEqual([second]);
      await access.prune(START + 5, START);
      expect(await ids({})).toEqual([second]);
    });
  });
}
