// TLS to the Git server: whom to trust, who we are. Files are read for each new connection, so that rotating them is
// enough. The chain and the name are always checked, whatever the environment says.
import { isIP, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls';
import { HoldfastError, messageOf } from '../../../fleet/error.ts';
import { readPem } from '../../host/secret.ts';
import { readable } from '../credentials.ts';

export interface TlsFiles {
  /** Trusted instead of the well-known CAs. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Throws `GitAuthentication` naming the file that cannot be used. */
export async function readTls(files: TlsFiles): Promise<SecureContext> {
  const ca = await pem('source.ca_file', files.caFile);
  const cert = await pem('source.cert_file', files.certFile);
  const key = await pem('source.key_file', files.keyFile);
  if (ca !== undefined && !/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(ca))
    throw unusable('source.ca_file', files.caFile, 'it holds no PEM certificate');
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (error) {
    // OpenSSL says what is wrong with it, never what is in it.
    throw cert === undefined && key === undefined
      ? unusable('source.ca_file', files.caFile, messageOf(error))
      : unusable('source.cert_file, source.key_file', files.certFile, messageOf(error));
  }
}

/** Resolves once the server has proved to be `host`. Throws what TLS throws; the caller destroys `socket` to give up. */
export function secure(socket: Socket, host: string, secureContext: SecureContext): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secured = tlsConnect({
      socket,
      host,
      // An address is checked against the certificate, but has no place in the greeting.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      secureContext,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
    });
    secured.once('error', reject);
    // Given up from below, the socket closes without an error.
    secured.once('close', () => reject(new Error('the connection was closed')));
    secured.once('secureConnect', () => {
      secured.off('error', reject);
      resolve(secured);
    });
  });
}

/** The server's TLS alerts about the certificate that this host showed, or did not show. */
export function isClientCertificateRefused(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^ERR_SSL_\w+_ALERT_(BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/.test(
    code,
  );
}

async function pem(key: string, file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : await readable(readPem(key, file));
}

function unusable(key: string, file: string | undefined, why: string): HoldfastError {
  return new HoldfastError('GitAuthentication', `${key}: ${file ?? '(absent)'} cannot be used: ${why}.`);
}
