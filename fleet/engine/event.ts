// What the Engine tells when something happens to a container, a network or a volume.

export interface EngineEvent {
  readonly type: string;
  /** `die`, `update`, `exec_start: sh -c true` */
  readonly action: string;
  /** Of the container or network; of a volume its name. */
  readonly id: string;
  /** Name of the container, network or volume. */
  readonly name: string;
  /** A container's labels are among them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** When, in milliseconds since 1970 by the host's clock. */
  readonly ms: number;
}
