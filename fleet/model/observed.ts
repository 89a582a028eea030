// Observed state: what the Engine and the content store really hold, one immutable snapshot per look.
import type { ContainerInspect, ImageInspect, NetworkInspect, VolumeInspect } from '../engine/inspect.ts';

export interface Observed {
  readonly engine: EngineInfo;
  /** Containers with this device's label, and those that hold a name that desired state wants. */
  readonly containers: readonly ObservedContainer[];
  /** Networks with this device's label, and those whose name desired state or the inventory mentions. */
  readonly networks: readonly NetworkInspect[];
  readonly volumes: readonly VolumeInspect[];
  /** By the reference that desired state uses, and by image id of every observed container; absent: not on the host. */
  readonly images: ReadonlyMap<string, ImageInspect>;
  /** By content id; only what desired state or a container mounts. */
  readonly content: ReadonlyMap<string, ContentState>;
}

export interface EngineInfo {
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly arch: string;
  /** What the daemon does where a file leaves it open; absent: it did not say. */
  readonly defaults?: { readonly runtime: string; readonly logging: string; readonly cgroup: string };
  /** Keys that this host's kernel cannot keep: the Engine takes them and drops them, with a warning. */
  readonly drops?: readonly string[];
}

export interface ObservedContainer {
  readonly inspect: ContainerInspect;
  /** It exited because somebody asked the Engine to stop or kill it, as far as the Engine still remembers. */
  readonly stoppedByRequest: boolean;
}

/** `edited`: the bytes on the host are not the declared ones; `paths` names the first few files (relative). */
export type ContentState =
  | { readonly kind: 'intact' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'edited'; readonly paths: readonly string[] };
