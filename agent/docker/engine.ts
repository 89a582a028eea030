// What the loop needs from the Engine. dockerode stays behind this.
import type { EngineInfo, Observed } from '../../fleet/model/observed.ts';
import type { Step, StepOf } from '../../fleet/model/plan.ts';

/** The steps that are Engine calls; the others are file operations. */
export type EngineStepKind = Exclude<Step['kind'], 'write-content' | 'make-data-folder'>;

export type EngineSteps = { readonly [K in EngineStepKind]: (step: StepOf<K>, signal: AbortSignal) => Promise<void> };

/** What a look has to include besides everything that carries this device's label. */
export interface Look {
  readonly device: string;
  readonly containerNames: readonly string[];
  readonly networkNames: readonly string[];
  readonly volumeNames: readonly string[];
  /** References as desired state writes them. */
  readonly images: readonly string[];
}

export interface EngineEvent {
  readonly type: string;
  readonly action: string;
  /** Name of the container, network or volume. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Engine {
  /** Asks the Engine's version and negotiates the API version anew. Throws `DockerUnavailable`; `DockerRefused` when the Engine is too old or too new. */
  info(signal: AbortSignal): Promise<EngineInfo>;
  observe(look: Look, signal: AbortSignal): Promise<Omit<Observed, 'content'>>;
  /** One Engine call each, inside its own deadline. "Already so" (304, already gone) is success. */
  readonly steps: EngineSteps;
  /** Calls `onEvent` for container, network and volume events until the signal aborts; reconnects by itself, calling `onGap` after every connect (the first as well), since events may have been missed before it. */
  watch(onEvent: (event: EngineEvent) => void, onGap: () => void, signal: AbortSignal): Promise<void>;
}
