// Images on the device, as the loop knows them: measured before they are pulled, refused before a disk is full, collected when
// nothing uses them any more.
import { type HoldfastError, messageOf } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { EngineInfo, Observed } from '../../fleet/model/observed.ts';
import type { Plan, StepOf } from '../../fleet/model/plan.ts';
import type { EngineImages } from '../docker/images.ts';
import type { Log } from '../loop/parts.ts';
import type { RegistryOptions } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import { collectImages } from './collect.ts';
import { createMeasure, isPull } from './measure.ts';
import { createMoved } from './moved.ts';
import { createPulls } from './pulls.ts';
import { diskNeed, diskPressure, type Lack, lackOf, roomOf } from './room.ts';

export interface Images {
  /** References whose tag has moved, where that counts. Never fails. */
  moved(desired: Desired, images: Observed['images'], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** The plan with `pullBytes` on its pulls. Never fails. */
  measure(plan: Plan, engine: EngineInfo, signal: AbortSignal): Promise<Plan>;
  /**
   * Why the pulls of a measured plan must not begin beside those under way, after what can be collected was; null: they may.
   * `named` gives references that stay.
   */
  refuse(plan: Plan, engine: EngineInfo, named: Named, signal: AbortSignal): Promise<HoldfastError | null>;
  /** At most `limits.pulls` at once. */
  pull(step: StepOf<'pull-image'>, signal: AbortSignal): Promise<void>;
  /** How far the pulls are; null: nothing is being pulled. */
  progress(): string | null;
  /** Now and then removes what nothing uses any more. Never fails. */
  tidy(engine: EngineInfo, named: Named, signal: AbortSignal): Promise<void>;
}

/** The references of images that states name, which have to stay. */
export type Named = () => readonly string[];

export interface ImagesParts {
  readonly images: EngineImages;
  readonly store: Pick<Store, 'broughtImages' | 'putBroughtImages'>;
  readonly registries: RegistryOptions;
  readonly stateDir: string;
  readonly limits: {
    readonly disk_reserve?: number | undefined;
    readonly images_unused_for: number;
    readonly pulls: number;
  };
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly log: Log;
}

const TIDY_MS = 3_600_000;
/** The state needs little, and nothing can be pulled safely that cannot be written down. */
const STATE_RESERVE = 16 * 1024 * 1024;

export function createImages(parts: ImagesParts): Images {
  const { registries, stateDir, limits, monotonicMs, log } = parts;
  const reserveBytes = limits.disk_reserve ?? null;
  const pulls = createPulls({ ...parts, dockerConfig: registries.dockerConfig, parallel: limits.pulls });
  const moved = createMoved(parts);
  let tidiedMs: number | null = null;

  return {
    measure: createMeasure(parts),
    moved: moved.look,
    async pull(step, signal) {
      await pulls.pull(step, signal);
      moved.pulled(step.image);
    },
    progress: pulls.progress,
    async refuse(plan, engine, named, signal) {
      const steps = plan.steps.filter(isPull);
      // What transfers nothing needs nothing.
      if (steps.every(({ pullBytes }) => pullBytes === 0)) return null;
      const ownBytes = diskNeed(steps.reduce((sum, { pullBytes }) => sum + (pullBytes ?? 0), 0));
      const needBytes = ownBytes + pulls.comingBytes();
      if ((await lack(engine, needBytes, signal)) === null) return null;
      await collect(engine, named, needBytes, signal);
      const lacking = await lack(engine, needBytes, signal);
      return lacking === null ? null : diskPressure(lacking, steps.length);
    },
    async tidy(engine, named, signal) {
      if (tidiedMs !== null && monotonicMs() - tidiedMs < TIDY_MS) return;
      await collect(engine, named, 0, signal);
    },
  };

  /** The first disk without enough room; null: there is room. */
  async function lack(engine: EngineInfo, needBytes: number, signal: AbortSignal): Promise<Lack | null> {
    const demands = [
      ...(engine.roots ?? []).map((folder) => ({ folder, needBytes, reserveBytes })),
      { folder: stateDir, needBytes: 0, reserveBytes: STATE_RESERVE },
    ];
    for (const { folder, ...demand } of demands) {
      const room = await roomOf(folder, signal);
      const lacking = room && lackOf(room, demand);
      if (lacking !== null) return lacking;
    }
    return null;
  }

  async function collect(engine: EngineInfo, named: Named, needBytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = monotonicMs();
    // Nobody looked in a longer time, and an image may have been used for most of it.
    const elapsedS = tidiedMs === null ? 0 : Math.min(nowMs - tidiedMs, 2 * TIDY_MS) / 1000;
    tidiedMs = nowMs;
    const isPressed = async () => (await lack(engine, needBytes, signal)) !== null;
    const given = { named: named(), elapsedS, unusedForS: limits.images_unused_for / 1000, isPressed };
    await collectImages(parts, given, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      log('warn', `unused images cannot be collected: ${messageOf(error)}`);
    });
  }
}
