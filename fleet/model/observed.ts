// Observed state: what the Engine and the content store really hold, one immutable snapshot per look.
import type { ContainerInspect, ImageInspect, NetworkInspect, VolumeInspect } from '../engine/inspect.ts';
import type { Fields } from './plan.ts';

export interface Observed {
  readonly engine: EngineInfo;
  /** Containers with this device's label, and those that hold a name that desired state wants. */
  readonly containers: readonly ObservedContainer[];
  /** Networks with this device's label, and those whose name desired state or the inventory mentions. */
  readonly networks: readonly NetworkInspect[];
  readonly volumes: readonly VolumeInspect[];
  /** By the reference that desired state uses, and by image id of every observed container; absent: not on the host. */
  readonly images: ReadonlyMap<string, ImageInspect>;
  /** References that name another image in their registry than on this host, where the file asks for the newest; absent: none. */
  readonly moved?: ReadonlySet<string>;
  /** By content id, or by the place of content that changes under its container; only what desired state mounts. */
  readonly content: ReadonlyMap<string, ContentState>;
  /** What earlier looks have shown: one-shots that have run to their end as they are declared, as resources, */
  readonly completed?: ReadonlySet<string>;
  /** and containers that crash again and again, by id, each with what to say of it. */
  readonly crashLoops?: ReadonlyMap<string, string>;
}

export interface EngineInfo {
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly arch: string;
  /** What the daemon does where a file leaves it open; absent: it did not say. */
  readonly defaults?: { readonly runtime: string; readonly logging: string; readonly cgroup: string };
  /** Folders that the Engine keeps images in, as it names them; absent: it did not say. */
  readonly roots?: readonly string[];
  /** Keys that this host's kernel cannot keep: the Engine takes them and drops them, with a warning. */
  readonly drops?: readonly string[];
}

export interface ObservedContainer {
  readonly inspect: ContainerInspect;
  /** It exited because somebody asked the Engine to stop or kill it, as far as the Engine still remembers. */
  readonly stoppedByRequest: boolean;
  /** Fields as a device told them, where nobody can look: they stand above what `inspect` shows. */
  readonly reported?: Fields;
}

/**
 * `edited`: the bytes on the host are not the declared ones; `paths` names the first few files (relative). `moved`: at a place
 * that stays, somebody put another file or folder, which no container sees that started before.
 */
export type ContentState =
  | { readonly kind: 'intact'; readonly moved?: true }
  | { readonly kind: 'missing' }
  | { readonly kind: 'edited'; readonly paths: readonly string[]; readonly moved?: true };
