import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { STATUS_BYTES } from '../../../fleet/wire/messages.ts';
import { parseMessage } from '../../../hub/ingest/parse.ts';
import { createDevice, revisionOf } from '../../../scripts/fleet-sim/device.ts';
import { atRate, MISCHIEF, PROFILES, type ProfileName } from '../../../scripts/fleet-sim/profiles.ts';
import type { Step } from '../../../scripts/fleet-sim/step.ts';
import { type StoryInput, tellStory } from '../../../scripts/fleet-sim/story.ts';

const NAMES = Object.keys(PROFILES) as ProfileName[];

function tell(name: ProfileName, steps: number, given: Partial<StoryInput> = {}): Step[] {
  const epochMs = Date.parse('2026-03-01T12:00:00Z');
  const profile = atRate(PROFILES[name], 50, 5);
  const story = tellStory({ seed: '1', fleet: 'acme', devices: 50, profile, epochMs, ...given });
  return story.take(steps).toArray();
}

function digest(steps: readonly Step[]): string {
  const hash = createHash('sha256');
  for (const { device, ...step } of steps) hash.update(JSON.stringify([device.id, step]));
  return hash.digest('hex');
}

describe('a story', () => {
  it.each(NAMES)('%s is the same for the same seed, byte by byte, and another for another', (name) => {
    const told = digest(tell(name, 2000));
    expect(digest(tell(name, 2000))).toBe(told);
    expect(digest(tell(name, 2000, { seed: '2' }))).not.toBe(told);
  });

  it.each(NAMES)('%s goes forward in time, and nobody speaks while away', (name) => {
    const here = new Set<string>();
    let nowMs = 0;
    for (const { kind, device, atMs } of tell(name, 4000)) {
      expect(atMs).toBeGreaterThanOrEqual(nowMs);
      nowMs = atMs;
      expect([device.id, kind === 'connect']).toEqual([device.id, !here.has(device.id)]);
      if (kind === 'connect') here.add(device.id);
      if (kind === 'cut' || kind === 'leave') here.delete(device.id);
    }
  });

  it('numbers what an instance says in one boot without a gap', () => {
    const last = new Map<string, number>();
    for (const step of tell('flaky', 6000)) {
      if (step.kind !== 'say' || step.meaning.kind === 'mischief') continue;
      const { instance, boot, seq } = JSON.parse(step.message.payload) as Record<'instance' | 'boot' | 'seq', string>;
      const key = `${step.device.id} ${instance} ${boot}`;
      expect(Number(seq)).toBe((last.get(key) ?? 0) + 1);
      last.set(key, Number(seq));
    }
    expect(last.size).toBeGreaterThan(50);
  });

  it('tells of everything that its profile holds', () => {
    const kinds = new Set(tell('flaky', 8000).map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['connect', 'say', 'cut', 'leave']));
    const said = tell('hostile', 8000).flatMap((step) => (step.kind === 'say' ? [step.meaning] : []));
    const mischief = new Set(said.flatMap((meaning) => (meaning.kind === 'mischief' ? [meaning.mischief] : [])));
    const accepted = ['twin', 'poison'];
    expect([...mischief].sort()).toEqual(MISCHIEF.filter((one) => !accepted.includes(one)).sort());
    const twins = said.filter((meaning) => meaning.kind === 'status' && meaning.instance.startsWith('twin-'));
    expect(twins.length).toBeGreaterThan(5);
  });

  it('rolls a commit out to every device, and back where it fails', () => {
    const said = tell('rollout', 20_000).flatMap((step) => (step.kind === 'say' ? [step.meaning] : []));
    const statuses = said.filter((meaning) => meaning.kind === 'status');
    expect(new Set(statuses.map(({ applied }) => applied)).size).toBeGreaterThan(2);
    expect(
      statuses.some(({ health, message }) => health === 'Degraded' && message.includes('did not get healthy')),
    ).toBe(true);
  });
});

describe('what is said', () => {
  it.each(NAMES)('%s: a hub takes what an agent would say, and drops the rest for the cause that is told', (name) => {
    for (const step of tell(name, 3000)) {
      if (step.kind !== 'say') continue;
      const { topic, payload } = step.message;
      const parsed = parseMessage(topic, Buffer.from(payload), false);
      const { meaning } = step;
      const later = meaning.kind === 'mischief' && ['duplicate', 'late'].includes(meaning.cause);
      if (meaning.kind !== 'mischief' || later) expect(parsed).toMatchObject({ ok: true });
      else expect(parsed).toMatchObject({ ok: false, cause: meaning.cause });
      if (parsed.ok) expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(STATUS_BYTES);
    }
  });

  it('is retained only where it tells what is, and never when it is wrong', () => {
    for (const step of tell('hostile', 5000)) {
      if (step.kind !== 'say') continue;
      const { meaning, message } = step;
      expect(message.retain).toBe(meaning.kind === 'status' || meaning.kind === 'presence');
    }
  });
});

it('a device is the same in a small fleet and in a large one', () => {
  const given = { seed: '7', index: 3, skewed: 0.5, revision: revisionOf('7', 0) };
  expect(createDevice(given)).toEqual(createDevice(given));
  const [first] = tell('plain', 1, { seed: '7', devices: 1 });
  const same = tell('plain', 3000, { seed: '7', devices: 500 }).find(({ device }) => device.id === first?.device.id);
  expect(same?.device).toMatchObject({ instance: first?.device.instance, labels: first?.device.labels });
});

it('a fleet reports as often as it is asked to', () => {
  const steps = tell('plain', 100 + 2000, { profile: atRate(PROFILES.plain, 50, 20) });
  const lastMs = steps.at(-1)?.atMs ?? 0;
  expect(lastMs / 1000).toBeGreaterThan(80);
  expect(lastMs / 1000).toBeLessThan(120);
});
