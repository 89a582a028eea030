// Volumes of the desired state.

export interface Volume {
  readonly key: string;
  /** Name on the Engine: `<app>_<key>` unless the file says otherwise. */
  readonly name: string;
  readonly external: boolean;
  readonly driver?: string;
  readonly driver_opts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}
