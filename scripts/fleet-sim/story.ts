// The story of a fleet: an endless series of steps, a function of seed, profile and size alone. Acknowledgements, time
// and the network change when a step is carried out, never which step comes next.
import { createAgenda } from './agenda.ts';
import { createDevice, type Device, revisionOf } from './device.ts';
import { type Due, EVERY, happen, type Kind } from './happenings.ts';
import type { Profile } from './profiles.ts';
import { createRandom, exponential, type Random } from './random.ts';
import type { Act, Step } from './step.ts';

export interface StoryInput {
  readonly seed: string;
  readonly fleet: string;
  readonly devices: number;
  readonly profile: Profile;
  /** The right time when the story begins, milliseconds since 1970. */
  readonly epochMs: number;
}

/** What happenings see and change. */
export interface World extends StoryInput {
  readonly members: readonly Device[];
  readonly random: Random;
  /** The newest commit. */
  revision: { readonly number: number; readonly name: string };
  /** Milliseconds of story time. */
  nowMs: number;
  act(act: Act): void;
  later(inMs: number, due: Due): void;
}

export function* tellStory(input: StoryInput): Generator<Step, void, undefined> {
  const agenda = createAgenda<Due>();
  const steps: Step[] = [];
  const world = createWorld(input, {
    act: (act) => void steps.push({ ...act, atMs: world.nowMs } as Step),
    later: (inMs, due) => agenda.add(world.nowMs + inMs, due),
  });
  begin(world);
  for (let due = agenda.next(); due !== undefined; due = agenda.next()) {
    world.nowMs = due.atMs;
    happen(world, due.what);
    yield* steps;
    steps.length = 0;
  }
}

function createWorld(input: StoryInput, does: Pick<World, 'act' | 'later'>): World {
  const { seed, devices, profile } = input;
  const revision = { number: 0, name: revisionOf(seed, 0) };
  const members = Array.from({ length: devices }, (_, index) =>
    createDevice({ seed, index, skewed: profile.skewed, revision: revision.name }),
  );
  return { ...input, ...does, members, random: createRandom(`${seed}/story`), revision, nowMs: 0 };
}

/** Boots are spread; each kind of happening has one clock for the whole fleet. */
function begin(world: World): void {
  const { members, profile, random } = world;
  for (const device of members) world.later(random() * profile.bootOverS * 1000, { kind: 'boot', device });
  for (const kind of EVERY) {
    const everyMs = meanMs(world, kind);
    if (everyMs !== null)
      world.later(profile.bootOverS * 1000 + exponential(random, everyMs), { kind: 'any', of: kind });
  }
  if (profile.rollout !== null) world.later(profile.rollout.everyS * 1000, { kind: 'commit' });
  if (profile.blackout !== null) world.later(profile.blackout.everyS * 1000, { kind: 'blackout' });
}

/** Between two of a kind, anywhere in the fleet; null: never. */
export function meanMs({ profile, devices }: Pick<World, 'profile' | 'devices'>, kind: Kind): number | null {
  const perHour = profile.perHour[kind] * devices;
  return perHour === 0 ? null : 3_600_000 / perHour;
}
