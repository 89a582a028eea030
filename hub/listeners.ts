// What the hub listens with: addresses that may be listened on, certificates, and what devices are told of the broker. Reads files
// once, before anything is opened.
import type { SecureContextOptions } from 'node:tls';
import { refuseOpenListening } from './access/listen.ts';
import type { HubConfig } from './config.ts';
import { isLoopback } from './http/guard.ts';
import type { Log } from './log.ts';
import { readPem, readTls, type TlsFiles, watchTls } from './tls.ts';

/** A certificate, and what keeps it fresh once there is a server. */
export interface ListenerTls {
  readonly context: SecureContextOptions;
  readonly onServer: (server: { setSecureContext(options: SecureContextOptions): void }) => void;
}

export interface Listeners {
  readonly http: ListenerTls | null;
  readonly mqtt: ListenerTls | null;
  /** Other machines reach the API. */
  readonly exposed: boolean;
  /** Devices that were not enrolled may connect. */
  readonly anonymous: boolean;
  /** PEM of the CA that devices trust for the broker. */
  readonly deviceCa: string | null;
  readonly stop: () => void;
}

/** @throws HoldfastError ConfigInvalid, naming the key and what to do */
export async function prepareListeners(config: HubConfig, guarded: boolean, log: Log): Promise<Listeners> {
  const { http, mqtt, broker, enroll } = config;
  const hosts = [
    { key: 'http.host', host: http.host },
    ...(broker === undefined ? [{ key: 'mqtt.host', host: mqtt.host }] : []),
  ];
  const where = config.store.url === undefined ? `--db ${config.store.path}` : '--config hub.yaml';
  const command = `holdfast token create admin --role admin ${where}`;
  refuseOpenListening({ hosts, isLoopback, guarded, command });
  const stops: (() => void)[] = [];
  const tlsOf = async (section: string, files: TlsFiles | undefined): Promise<ListenerTls | null> => {
    if (files === undefined) return null;
    const context = await readTls(section, files);
    return { context, onServer: (server) => void stops.push(watchTls(section, files, server, log)) };
  };
  const exposed = !isLoopback(http.host);
  if (exposed && http.tls === undefined)
    log.warn({ host: http.host }, 'tokens travel in the clear: set http.tls, or let a proxy with TLS stand before it');
  if (broker === undefined && !isLoopback(mqtt.host) && mqtt.tls === undefined)
    log.warn({ host: mqtt.host }, 'passwords of devices travel in the clear: set mqtt.tls');
  return {
    http: await tlsOf('http.tls', http.tls),
    mqtt: broker === undefined ? await tlsOf('mqtt.tls', mqtt.tls) : null,
    exposed,
    anonymous: mqtt.anonymous ?? isLoopback(mqtt.host),
    deviceCa: enroll.ca_file === undefined ? null : await readPem('enroll.ca_file', enroll.ca_file),
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
