// Which tags name another image in their registry than on this host, where the file asks for the newest (`pull_policy: always`).
// A registry is asked when a revision is new and then once an hour: most looks ask nobody, and none waits long: what comes late
// counts at the next. Never fails: what is not known has not moved.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ImageReference, parseImage } from '../../fleet/image-reference.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Observed } from '../../fleet/model/observed.ts';
import { mapBounded } from '../docker/observe.ts';
import { openRegistry, type RegistryOptions } from '../registry/registry.ts';

const ASK_MS = 5_000;
const PATIENCE_MS = 1_000;
const AGAIN_MS = 3_600_000;
/** A registry that could not be asked. */
const UNKNOWN_MS = 300_000;

export interface Moved {
  look(desired: Desired, images: Observed['images'], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** It was pulled: whatever came is what there is, until the registry is asked again. */
  pulled(reference: string): void;
}

export interface MovedParts {
  readonly registries: RegistryOptions;
  readonly monotonicMs: () => number;
}

interface Answer {
  readonly revision: string;
  readonly untilMs: number;
  /** What the tag names; null: that is not known, or has been pulled. */
  readonly digest: string | null;
}

export function createMoved({ registries, monotonicMs }: MovedParts): Moved {
  let answers = new Map<string, Answer>();
  const asking = new Map<string, Promise<void>>();
  return {
    async look(desired, images, signal) {
      const references = wanted(desired).filter((reference) => images.has(reference));
      answers = new Map(references.flatMap((reference) => keyed(reference, answers.get(reference))));
      const due = references.filter((reference) => !isFresh(answers.get(reference), desired.revision));
      const late = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
      const asked = mapBounded(due, (reference) => once(reference, () => ask(reference, desired.revision, late)));
      await atMost(PATIENCE_MS, asked);
      signal.throwIfAborted();
      return new Set(references.filter((reference) => hasMoved(answers.get(reference), images.get(reference))));
    },
    pulled(reference) {
      const answer = answers.get(reference);
      if (answer !== undefined) answers.set(reference, { ...answer, digest: null });
    },
  };

  /** One question at a time for each. */
  function once(reference: string, work: () => Promise<void>): Promise<void> {
    const running = asking.get(reference) ?? work().finally(() => asking.delete(reference));
    asking.set(reference, running);
    return running;
  }

  function isFresh(answer: Answer | undefined, revision: string): boolean {
    return answer?.revision === revision && monotonicMs() < answer.untilMs;
  }

  async function ask(reference: string, revision: string, signal: AbortSignal): Promise<void> {
    const image = parseImage(reference);
    const digest = image === null ? null : await resolve(image, signal).catch(() => null);
    const untilMs = monotonicMs() + (digest === null ? UNKNOWN_MS : AGAIN_MS);
    answers.set(reference, { revision, untilMs, digest });
  }

  async function resolve(image: ImageReference, signal: AbortSignal): Promise<string | null> {
    const registry = await openRegistry(image, registries);
    try {
      return await registry.resolve(image.tag ?? 'latest', signal);
    } finally {
      registry.close();
    }
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const patience = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([work, patience]);
  done.abort();
}

/** A digest never moves. */
function wanted(desired: Desired): readonly string[] {
  const services = desired.apps
    .flatMap(({ services: all }) => all)
    .filter(({ pull_policy }) => pull_policy === 'always');
  return [...new Set(services.map(({ image }) => image))].filter((reference) => !reference.includes('@'));
}

function keyed(reference: string, answer: Answer | undefined): [string, Answer][] {
  return answer === undefined ? [] : [[reference, answer]];
}

function hasMoved(
  answer: Answer | undefined,
  image: { readonly RepoDigests?: readonly string[] | null } | undefined,
): boolean {
  const digest = answer?.digest ?? null;
  return digest !== null && !(image?.RepoDigests ?? []).some((known) => known.endsWith(`@${digest}`));
}
