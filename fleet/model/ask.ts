// What a commit asks of the host beyond an ordinary container, with the place that asks. The loader collects; the
// device's policy, which no repository can change, answers.
import type { Diagnostic } from '../diagnostic.ts';

export type Ask = AskWhat & {
  readonly app: string;
  /** null: a network or volume asks. */
  readonly service: string | null;
  /** Key path in the file: `services.web.privileged`. */
  readonly key: string;
  readonly place: Pick<Diagnostic, 'file' | 'line' | 'column' | 'source'>;
};

export type AskWhat =
  | { readonly kind: 'privileged' }
  /** The host's own namespace, or one of a container outside the app (`value` is as in the file). */
  | {
      readonly kind: 'namespace';
      readonly namespace: 'network' | 'pid' | 'ipc' | 'uts' | 'userns' | 'cgroup';
      readonly value: string;
    }
  /** Upper-case, without `CAP_`. */
  | { readonly kind: 'capability'; readonly capability: string }
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'device-request'; readonly driver: string }
  | { readonly kind: 'device-rule'; readonly rule: string }
  /** An absolute path of the host, through a bind or the options of a volume. */
  | {
      readonly kind: 'bind';
      readonly source: string;
      /** Nothing can be written through it; absent: it can. */
      readonly read_only?: boolean;
      /** What the file names, where links of the host lead from there to `source`. */
      readonly via?: string;
    }
  /** A folder that the agent keeps for the app: harmless, unless another one that can be written to holds it. */
  | { readonly kind: 'data'; readonly source: string; readonly read_only: boolean }
  /** `source` lies in `outer`, where containers can write. Made of the two kinds above when they are judged. */
  | { readonly kind: 'nested'; readonly source: string; readonly outer: string }
  | { readonly kind: 'security-opt'; readonly option: string }
  | { readonly kind: 'sysctl'; readonly name: string }
  | { readonly kind: 'cgroup-parent'; readonly value: string }
  | { readonly kind: 'runtime'; readonly name: string }
  /** Words to the runtime, which some take for orders. */
  | { readonly kind: 'annotation'; readonly name: string }
  /** A network interface of the host, as the parent of a network or as its bridge. */
  | { readonly kind: 'interface'; readonly name: string }
  /** Addresses of a network: the host sends what goes to them there. */
  | { readonly kind: 'subnet'; readonly subnet: string }
  /** The Engine sends logs there, in the host's own network. */
  | { readonly kind: 'log-address'; readonly address: string }
  /** A container outside the app, on the Engine's default bridge, where a link shows its environment. */
  | { readonly kind: 'link'; readonly container: string }
  /** A driver that is not the Engine's own: of a volume, a network or a log. */
  | { readonly kind: 'driver'; readonly of: 'volume' | 'network' | 'logging'; readonly name: string }
  /** Every image of the device, so that registries, digests and signatures can be required. */
  | { readonly kind: 'image'; readonly reference: string }
  /** Volumes of a container that is not of this app. */
  | { readonly kind: 'volumes-from'; readonly container: string };
