import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClock } from '../../../agent/host/clock.ts';
import { createHostProbe, createLook, FACTS_CACHE_MS, type Host } from '../../../agent/host/facts.ts';
import { networkProblem, redactUrl } from '../../../agent/host/network-error.ts';
import { readSecret, SECRET_BYTES } from '../../../agent/host/secret.ts';
import { hostSchema } from '../../../fleet/wire/messages.ts';

const HOST: Host = {
  os: 'Debian 12',
  arch: 'x64',
  cpus: 2,
  mem_bytes: 1,
  mem_used_bytes: 1,
  disk_bytes: 1,
  disk_used_bytes: 1,
  load1: 0,
};

describe('host facts', () => {
  it('of this host are valid on the wire', async () => {
    const facts = await createHostProbe({ stateDir: tmpdir(), deadlineMs: 20_000 }).facts();
    expect(hostSchema.safeParse({ ...facts, engine: '' }).error).toBeUndefined();
    expect(facts?.mem_used_bytes).toBeGreaterThan(0);
    expect(facts?.mem_used_bytes).toBeLessThan(facts?.mem_bytes ?? 0);
    expect(facts?.disk_bytes).toBeGreaterThan(0);
  });

  it('are looked at once per minute at most', async () => {
    let nowMs = 0;
    let looks = 0;
    const look = async (): Promise<Host> => ({ ...HOST, load1: ++looks });
    const probe = createHostProbe({ stateDir: '/', look, monotonicMs: () => nowMs });
    expect((await probe.facts())?.load1).toBe(1);
    nowMs = FACTS_CACHE_MS - 1;
    expect((await probe.facts())?.load1).toBe(1);
    nowMs = FACTS_CACHE_MS;
    expect((await probe.facts())?.load1).toBe(2);
  });

  it('are null when the look fails, and when it does not end in time', async () => {
    const failing = createHostProbe({ stateDir: '/', look: () => Promise.reject(new Error('EIO')) });
    expect(await failing.facts()).toBeNull();
    let looks = 0;
    const hanging = createHostProbe({
      stateDir: '/',
      deadlineMs: 10,
      look: () => {
        looks++;
        return new Promise(() => undefined);
      },
    });
    expect(await hanging.facts()).toBeNull();
    expect(await hanging.facts()).toBeNull();
    expect(looks).toBe(1);
  });
});

it('what could not be told about the system is asked again', async () => {
  let asked = 0;
  const look = createLook(async () => {
    if (++asked === 1) throw new Error('busy');
    return { distro: 'Debian', release: '13' };
  });
  await expect(look('/')).rejects.toThrow('busy');
  expect((await look('/')).os).toBe('Debian 13');
  await look('/');
  expect(asked).toBe(2);
});

describe('the clock', () => {
  const at = (year: number) => () => new Date(Date.UTC(year, 5, 1));
  const only =
    (...paths: string[]) =>
    async (path: string) =>
      paths.includes(path);

  it.each([1970, 2024, 2150])('is not believed in %i, whatever a time service says', async (year) => {
    const clock = createClock({ now: at(year), exists: only('/run/systemd/timesync/synchronized') });
    expect(await clock.synced()).toBe(false);
  });

  it('is not believed while timesyncd runs and has not synchronized', async () => {
    expect(await createClock({ now: at(2026), exists: only('/run/systemd/timesync') }).synced()).toBe(false);
  });

  it('is not believed for a drift file, which survives reboots', async () => {
    const exists = only('/run/systemd/timesync', '/var/lib/chrony/drift', '/var/lib/ntp/ntp.drift');
    expect(await createClock({ now: at(2026), exists }).synced()).toBe(false);
  });

  it('is believed with a time service that has, and on hosts where none leaves a mark', async () => {
    const exists = only('/run/systemd/timesync', '/run/systemd/timesync/synchronized');
    expect(await createClock({ now: at(2026), exists }).synced()).toBe(true);
    expect(await createClock({ now: at(2026), exists: only() }).synced()).toBe(true);
  });
});

describe('a secret file', () => {
  function file(content: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-secret-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'secret'), content);
    return join(folder, 'secret');
  }

  it('gives its text without the trailing newline', async () => {
    expect(await readSecret('k', file(' pass word \n'))).toBe(' pass word ');
    expect(await readSecret('k', file('pass\r\n'))).toBe('pass');
  });

  it.each([
    ['empty', '\n'],
    ['of several lines', 'hush\nhush\n'],
    ['too large', 'hush'.repeat(SECRET_BYTES)],
  ])('that is %s is refused without showing it', async (_, content) => {
    const path = file(content);
    const error = await readSecret('mqtt.password_file', path).catch((each: Error) => each);
    expect(error).toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining(path) });
    expect(String(error)).not.toContain('hush');
  });
});

it('network problems are said in words, and URLs without credentials', () => {
  expect(networkProblem(Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }))).toContain('has expired');
  expect(networkProblem(new AggregateError([Object.assign(new Error(''), { code: 'ECONNREFUSED' })]))).toContain(
    'refused',
  );
  expect(networkProblem(new Error('odd'))).toBe('odd');
  expect(redactUrl('https://user:pw@host:8443/a/b.git?token=x')).toBe('https://host:8443/a/b.git');
  expect(redactUrl('not a url with pw')).toBe('(not a URL)');
});
