// Certificate and key of a listener: read from files, read again when they change, so that a renewed certificate needs no restart.
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { HoldfastError, messageOf } from '../fleet/error.ts';
import type { Log } from './log.ts';

const LOOK_MS = 60_000;

export interface TlsFiles {
  readonly cert_file: string;
  readonly key_file: string;
  /** Devices may prove themselves with a certificate of this CA. */
  readonly client_ca_file?: string | undefined;
}

/** @param section of the configuration, as `http.tls`. Throws ConfigInvalid, naming key and file. */
export async function readTls(section: string, files: TlsFiles): Promise<SecureContextOptions> {
  const context = {
    minVersion: 'TLSv1.2',
    cert: await readPem(`${section}.cert_file`, files.cert_file),
    key: await readPem(`${section}.key_file`, files.key_file),
    ...(files.client_ca_file === undefined
      ? {}
      : { ca: await readPem(`${section}.client_ca_file`, files.client_ca_file) }),
  } as const;
  try {
    createSecureContext(context);
  } catch (error) {
    const why = `${section}: ${files.cert_file} and ${files.key_file} cannot be used together: ${messageOf(error)}; give a PEM certificate (with its chain) and the key that belongs to it`;
    throw new HoldfastError('ConfigInvalid', why, { cause: error });
  }
  return context;
}

export async function readPem(key: string, path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
  } catch (error) {
    const why = `${key}: cannot read ${path}: ${messageOf(error, path)}; give a file that this user may read`;
    throw new HoldfastError('ConfigInvalid', why, { cause: error });
  }
  throw new HoldfastError('ConfigInvalid', `${key}: ${path} holds nothing in PEM format (-----BEGIN …)`);
}

/** Hands the listener its files again when one of them changed. What cannot be used is logged, and the old ones stay. */
export function watchTls(
  section: string,
  files: TlsFiles,
  server: { setSecureContext(options: SecureContextOptions): void },
  log: Log,
): () => void {
  let seen: string | null = null;
  const look = async () => {
    const now = await stampOf(files);
    if (seen !== null && now !== seen) {
      server.setSecureContext(await readTls(section, files));
      log.info({ section }, 'the certificate was read again');
    }
    seen = now;
  };
  const failed = (error: unknown) =>
    log.error({ error: messageOf(error) }, 'the new certificate is not used; the old one stays');
  void look().catch(failed);
  const timer = setInterval(() => void look().catch(failed), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

async function stampOf(files: TlsFiles): Promise<string> {
  const paths = [files.cert_file, files.key_file, files.client_ca_file].filter((path) => path !== undefined);
  const stamps = await Promise.all(paths.map((path) => stat(path)));
  return stamps.map(({ mtimeMs, ino }) => `${mtimeMs}-${ino}`).join();
}
