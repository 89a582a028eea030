// What the HTTP routes see of the hub: readers, and one verb. Nothing here changes a device.
import type { HttpBindings } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Principal } from '../access/roles.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Summary } from '../api/schemas.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Board } from '../roster/board.ts';
import type { Store } from '../store/store.ts';
import { failure } from './failure.ts';
import type { Streams } from './stream.ts';

export interface HttpDeps {
  readonly store: Store;
  readonly board: Board;
  readonly summary: () => Summary;
  /** Sends the hint and records it. */
  readonly hint: (fleet: string, id: string) => Promise<void>;
  readonly ready: () => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly streams: Streams;
  readonly alerts: Pick<Alerts, 'list' | 'silences' | 'addSilence' | 'expireSilence'>;
  readonly log: Log;
}

export type Env = {
  Bindings: HttpBindings;
  Variables: {
    /** Who asks; set before any route of the API runs. */
    principal: Principal;
    /** What an action was done to, where the path does not say it; for the audit. */
    subject?: string;
  };
};

/** Routes whose input does not fit their schema answer 400 and say which parameter. */
export function createRoutes(): OpenAPIHono<Env> {
  return new OpenAPIHono<Env>({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const [issue] = result.error.issues;
      const where = issue?.path.map(String).join('.') ?? '';
      return context.json(
        failure('BadRequest', `${where === '' ? 'request' : where}: ${issue?.message ?? 'not valid'}`),
        400,
      );
    },
  });
}
