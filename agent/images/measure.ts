// How much the pulls of a plan will transfer. Asked once per revision and reference, for images that are to be pulled only, and
// for a moment only: what is not known by then stays unknown. Never fails.
import { parseImage } from '../../fleet/image-reference.ts';
import type { EngineInfo } from '../../fleet/model/observed.ts';
import type { Plan, Step, StepOf } from '../../fleet/model/plan.ts';
import type { EngineImages } from '../docker/images.ts';
import { mapBounded } from '../docker/observe.ts';
import { type Layer, layersOf, type Platform } from '../registry/image-layers.ts';
import { openRegistry, type RegistryOptions } from '../registry/registry.ts';
import { heldChains, transfers } from './transfer.ts';

/** Of the whole look; a plan waits no longer. */
const MEASURE_MS = 4_000;
/** A registry that could not be asked is left alone for so long. */
const UNKNOWN_MS = 300_000;

export interface MeasureParts {
  readonly images: Pick<EngineImages, 'layers'>;
  readonly registries: RegistryOptions;
  readonly monotonicMs: () => number;
}

export type Measure = (plan: Plan, engine: EngineInfo, signal: AbortSignal) => Promise<Plan>;

interface Known {
  readonly layers: readonly Layer[] | null;
  readonly atMs: number;
}

export function createMeasure({ images, registries, monotonicMs }: MeasureParts): Measure {
  let revision = '';
  let known = new Map<string, Known>();

  return async (plan, engine, signal) => {
    const pulls = plan.steps.filter(isPull);
    if (pulls.length === 0) return plan;
    if (revision !== plan.revision) known = new Map();
    revision = plan.revision;
    const inner = AbortSignal.any([signal, AbortSignal.timeout(MEASURE_MS)]);
    const [held] = await Promise.all([
      images.layers(inner).catch(() => null),
      mapBounded(pulls, (pull) => learn(pull, engine, inner)),
    ]);
    signal.throwIfAborted();
    if (held === null) return plan;
    const layers = pulls.map(({ id }) => known.get(id)?.layers ?? null);
    const bytes = transfers(layers, heldChains(held));
    const sizes = new Map(pulls.map(({ id }, index) => [id, bytes[index] ?? null]));
    const sized = (step: Step): Step => (isPull(step) ? { ...step, pullBytes: sizes.get(step.id) ?? null } : step);
    return { ...plan, steps: plan.steps.map(sized) };
  };

  async function learn({ id, image, platform }: Pull, engine: EngineInfo, signal: AbortSignal): Promise<void> {
    const before = known.get(id);
    if (before !== undefined && (before.layers !== null || monotonicMs() - before.atMs < UNKNOWN_MS)) return;
    const layers = await ask(image, platformOf(platform, engine), signal).catch(() => null);
    known.set(id, { layers, atMs: monotonicMs() });
  }

  async function ask(image: string, platform: Platform, signal: AbortSignal): Promise<readonly Layer[] | null> {
    const reference = parseImage(image);
    if (reference === null) return null;
    const registry = await openRegistry(reference, registries);
    try {
      return await layersOf(registry, reference, platform, signal);
    } finally {
      registry.close();
    }
  }
}

type Pull = StepOf<'pull-image'>;

export function isPull(step: Step): step is Pull {
  return step.kind === 'pull-image';
}

/** `linux/arm/v7`, or the host's own. */
function platformOf(platform: string | undefined, engine: EngineInfo): Platform {
  const [os = engine.os, arch = engine.arch, variant] = platform?.split('/') ?? [];
  return { os, arch, variant };
}
