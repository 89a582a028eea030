// `holdfast hub`: reads the configuration, runs the hub until a signal, and leaves in order.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import type { ConfigInput } from '../../fleet/config/read.ts';
import { HoldfastError, messageOf } from '../../fleet/error.ts';
import { type HubConfig, readHubConfig } from '../config.ts';
import { createHub } from '../hub.ts';
import type { ExitCode, Io } from './io.ts';

export interface HubOptions {
  readonly config?: string;
  readonly httpPort?: number;
  readonly mqttPort?: number;
  readonly db?: string;
}

export async function runHub(io: Io, options: HubOptions): Promise<ExitCode> {
  const file = await readConfigFile(options.config);
  const config = readHubConfig({ file, env: io.env, flags: flagsOf(options) });
  // Synchronous, so that the last lines before an end are written.
  const log = pino({ level: config.log.level, base: null }, pino.destination({ dest: 1, sync: true }));
  const webDir = join(import.meta.dirname, '..', 'web', 'dist');
  const hub = createHub({ config, log, now: io.now, random: Math.random, webDir });
  const { httpUrl, mqttUrl } = await hub.start();
  const broker = mqttUrl ?? config.broker?.url;
  log.info(
    { http: httpUrl, mqtt: broker, store: config.store.path },
    `hub is up: dashboard ${httpUrl}, devices ${broker}`,
  );
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    io.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  log.info({}, 'stopping');
  await hub.stop();
  return 0;
}

/** What a hub with this file, these variables and this `--db` would go by. */
export async function readHubConfigFile(io: Io, path: string | undefined, db: string | undefined): Promise<HubConfig> {
  const flags = flagsOf(db === undefined ? {} : { db });
  return readHubConfig({ file: await readConfigFile(path), env: io.env, flags });
}

async function readConfigFile(path: string | undefined): Promise<ConfigInput['file']> {
  if (path === undefined) return null;
  try {
    return { name: path, text: await readFile(path, 'utf8') };
  } catch (error) {
    throw new HoldfastError(
      'ConfigInvalid',
      `cannot read the configuration ${path}: ${messageOf(error, path)}; check --config`,
      {
        cause: error,
      },
    );
  }
}

function flagsOf(options: HubOptions): NonNullable<ConfigInput['flags']> {
  return [
    ...(options.httpPort === undefined ? [] : [{ path: ['http', 'port'], value: options.httpPort }]),
    ...(options.mqttPort === undefined ? [] : [{ path: ['mqtt', 'port'], value: options.mqttPort }]),
    ...(options.db === undefined ? [] : [{ path: ['store', 'path'], value: options.db }]),
  ];
}
