// What the HTTP routes see of the hub: readers, and one verb. Nothing here changes a device.
import type { HttpBindings } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { DeviceItem, Summary } from '../api/schemas.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { failure } from './failure.ts';
import type { Streams } from './stream.ts';

export interface HttpDeps {
  readonly store: Pick<Store, 'status' | 'openDrift' | 'events' | 'recentEvents'>;
  readonly devices: () => readonly DeviceItem[];
  readonly find: (fleet: string, id: string) => DeviceItem | undefined;
  readonly summary: () => Summary;
  /** Sends the hint and records it. */
  readonly hint: (fleet: string, id: string) => Promise<void>;
  readonly ready: () => boolean;
  readonly metrics: Metrics;
  readonly streams: Streams;
  readonly log: Log;
}

export type Env = { Bindings: HttpBindings };

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
