// What the loop needs from the Engine. dockerode stays behind this.
import type { EngineEvent } from '../../fleet/engine/event.ts';
import type { EngineInfo, Observed } from '../../fleet/model/observed.ts';
import type { Step, StepOf } from '../../fleet/model/plan.ts';
import type { Inside } from '../../fleet/reconcile/inside.ts';
import type { EngineImages } from './images.ts';

/** The steps that are Engine calls; the others are file operations. */
export type EngineStepKind = Exclude<Step['kind'], 'write-content' | 'write-live' | 'make-data-folder'>;

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

export interface Engine {
  readonly images: EngineImages;
  /** Asks the Engine's version and negotiates the API version anew. Throws `DockerUnavailable`; `DockerRefused` when the Engine is too old or too new. */
  info(signal: AbortSignal): Promise<EngineInfo>;
  observe(look: Look, signal: AbortSignal): Promise<Omit<Observed, 'content'>>;
  /** What the Engine remembers since then (milliseconds since 1970); nothing where it cannot tell. */
  pastEvents(sinceMs: number, signal: AbortSignal): Promise<readonly EngineEvent[]>;
  /** What was done inside a running container; null: it is gone, or the Engine cannot tell. */
  inside(container: string, signal: AbortSignal): Promise<Inside | null>;
  /** One Engine call each, inside its own deadline. "Already so" (304, already gone) is success. */
  readonly steps: EngineSteps;
  /** Watches until the signal aborts; reconnects by itself. */
  watch(watch: Watch, signal: AbortSignal): Promise<void>;
}

export interface Watch {
  /** Exec sessions are told as well. */
  readonly execs: boolean;
  /** For what may change containers, networks and volumes. */
  readonly onEvent: (event: EngineEvent) => void;
  /** After every connect (the first as well), since events may have been missed before it. */
  readonly onGap: () => void;
}
