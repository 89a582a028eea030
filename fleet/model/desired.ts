// Desired state: what Git declares, fully resolved for one device. Plain JSON, so that it can be stored as the
// last known good.
import type { Network } from './network.ts';
import type { Service } from './service.ts';
import type { Volume } from './volume.ts';
import type { Window } from './window.ts';

export interface Desired {
  readonly device: string;
  /** `main@sha1:<commit>` */
  readonly revision: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Poll interval that device.yaml asks for, in milliseconds; null: the agent's own. */
  readonly intervalMs: number | null;
  readonly suspend: boolean;
  readonly apps: readonly DesiredApp[];
  /** Values that came out of secret files. Whatever leaves the device is redacted by them; nothing shows this list. */
  readonly secretValues: readonly string[];
  /** Made once with the device's state: hashes over secrets are keyed by it. Empty: nobody has such a state. */
  readonly salt: string;
  /** Where labels, settings, apps and variables came from, by path (`apps.kiosk.env.TZ`): `fleet.yaml:4 (group kiosks)`. */
  readonly origins: Readonly<Record<string, string>>;
}

export interface DesiredApp {
  readonly name: string;
  /** `warn`: drift is reported and left alone; changes from Git are applied all the same. */
  readonly drift: 'correct' | 'warn';
  /** Other apps of this device that come first. */
  readonly dependsOn: readonly string[];
  readonly strategy: 'stop-first' | 'start-first';
  readonly healthTimeoutMs: number;
  readonly rollback: boolean;
  /** Fields whose drift is corrected although `drift`, or a less specific pattern, says otherwise. */
  readonly correct: readonly string[];
  /** Fields whose drift is reported and left alone. */
  readonly warn: readonly string[];
  /** Nothing is done for it, neither changes nor repairs. */
  readonly suspend: boolean;
  /** When changes from Git are applied; empty: at any time. Drift is corrected at any time. */
  readonly windows: readonly Window[];
  /** Field globs, `services.web.labels.*`: neither compared nor applied to what already runs. */
  readonly ignore: readonly string[];
  /** How often its containers are looked into for changed files and exec sessions, in milliseconds; null: never. */
  readonly insideMs: number | null;
  readonly services: readonly Service[];
  readonly networks: readonly Network[];
  readonly volumes: readonly Volume[];
}
