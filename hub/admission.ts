// What the API needs to know who asks, and to give access to people and devices: put together once for a hub.
import { hostname } from 'node:os';
import type { Access } from './access/access.ts';
import type { HubConfig } from './config.ts';
import type { AppInput } from './http/app.ts';
import { createAuthenticator } from './http/authenticate.ts';
import { createStreamAccess } from './http/stream-access.ts';
import type { Link } from './link.ts';
import type { Listeners } from './listeners.ts';

export interface AdmissionInput {
  readonly config: HubConfig;
  readonly access: Access;
  readonly listeners: Listeners;
  readonly link: Pick<Link, 'cut'>;
  readonly now: () => number;
}

export interface Admission {
  readonly deps: Pick<AppInput, 'access' | 'streamAccess' | 'auth' | 'fleet' | 'broker' | 'cut' | 'secure' | 'now'>;
  /** The embedded broker listens there. */
  reachedAt(url: string | null): void;
  stop(): Promise<void>;
}

export function openAdmission({ config, access, listeners, link, now }: AdmissionInput): Admission {
  const streamAccess = createStreamAccess();
  let embedded: string | null = null;
  return {
    deps: {
      access,
      streamAccess,
      auth: createAuthenticator({ access, exposed: listeners.exposed, now }),
      fleet: config.fleet ?? 'default',
      broker: () => {
        const url = config.enroll.url ?? config.broker?.url ?? embedded ?? '';
        return { url: withHostname(url), ca: listeners.deviceCa };
      },
      cut: (fleet, device) => link.cut?.(fleet, device),
      secure: listeners.http !== null,
      now,
    },
    reachedAt: (url) => {
      embedded = url;
    },
    stop: async () => streamAccess.stop(),
  };
}

/** An address that stands for every one of this host says nothing to a device. */
function withHostname(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=[:/]|$)/, `//${hostname()}`);
}
