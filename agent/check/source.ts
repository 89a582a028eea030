// Can what Git declares for this device be had, and does it resolve? Looks through a Source that is given; judges no signature.
import { type ErrorCode, HoldfastError } from '../../fleet/error.ts';
import type { Desired } from '../../fleet/model/desired.ts';
import type { Tip } from '../git/source.ts';
import { redactUrl } from '../host/network-error.ts';
import type { Finding } from './check.ts';
import { combine, type Part } from './run-checks.ts';

export interface SourceGiven {
  readonly url: string;
  /** Where the device's folder is expected. */
  readonly path: string;
  readonly tip: () => Promise<Tip | null>;
  readonly resolve: (tip: Tip, signal: AbortSignal) => Promise<Desired>;
  /** How objects came; null: nothing was asked. */
  readonly way: () => string | null;
}

const REMEDIES: Partial<Readonly<Record<ErrorCode, string>>> = {
  ConfigInvalid: 'Correct the agent configuration.',
  GitAuthentication:
    'Give credentials that may read this repository in source.auth: username and password_file, token_file, or ssh_key_file with known_hosts_file.',
  GitRefNotFound: 'Check source.url and source.ref, and that these credentials may see the repository.',
  GitUnreachable: 'Check the address in source.url, and the name server, proxy and firewall between here and there.',
  GitContentRefused: 'Take what is named out of the repository; where it is the size, limits.source_bytes allows more.',
  BuildFailed: 'Correct what is named and push it. Until then the last accepted state stays in force.',
  PolicyDenied: 'Take it out of the commit, or allow it under "policy" in the agent configuration of this host.',
  VerificationError: 'Sign the images that are named, or trust the key that signed them in policy.images.cosign_keys.',
  ImagePullFailed:
    'See that this host reaches the registry that is named, and may read there. Until then nothing changes.',
  DiskPressure: 'Free space in the folder for temporary files (TMPDIR).',
};

export async function checkSource(given: SourceGiven, signal: AbortSignal): Promise<Finding> {
  try {
    const tip = await given.tip();
    if (tip === null)
      return combine('source', [
        ok('nothing is asked: what is declared is handed in on this host with "holdfast-agent import"'),
      ]);
    const where = `${shownUrl(given.url)}, ${tip.name} at ${tip.commit.slice(0, 8)}`;
    const content = await declared(given, tip, where, signal);
    const way = given.way();
    if (way?.startsWith('snapshot') === true) return combine('source', [content, snapshot(where, way)]);
    if (content.verdict !== 'ok') return combine('source', [content]);
    const came = way === 'narrow' ? 'fetched narrowly' : `read as ${way}`;
    return combine('source', [ok(`${where}, ${came}; ${content.message}`)]);
  } catch (error) {
    return combine('source', [failed(error, '')]);
  }
}

function ok(message: string): Part {
  return { verdict: 'ok', message, remedy: null };
}

function snapshot(where: string, way: string): Part {
  const message = `${where}, fetched as ${way}: the whole fleet repository travels on every commit`;
  const remedy =
    'At the Git server, switch on filters (git config uploadpack.allowFilter true) and protocol version 2.';
  return { verdict: 'warning', message, remedy };
}

async function declared(given: SourceGiven, tip: Tip, where: string, signal: AbortSignal): Promise<Part> {
  try {
    const { apps, suspend } = await given.resolve(tip, signal);
    const count = apps.length === 1 ? '1 app' : `${apps.length} apps`;
    return ok(`${given.path} declares ${count}${suspend ? ', suspended in Git' : ''}`);
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'PruneGuard') return failed(error, where);
    const remedy = `Add ${given.path}/compose.yaml to the repository, or correct "device" or source.path. Nothing that runs is removed for it.`;
    return { verdict: 'failed', message: `${where}:\n${error.message}`, remedy };
  }
}

/** Places in files: of which commit has to be said. */
const OF_COMMIT: readonly ErrorCode[] = ['BuildFailed', 'PolicyDenied', 'VerificationError', 'ImagePullFailed'];

/** Messages of Git name the URL themselves. */
function failed(error: unknown, where: string): Part {
  if (!(error instanceof HoldfastError)) throw error;
  const message = OF_COMMIT.includes(error.code) ? `${where}:\n${error.message}` : error.message;
  return { verdict: 'failed', message, remedy: remedyOf(error) };
}

/** Some messages name the very file or key: then that is what to see to. */
function remedyOf({ code, message }: HoldfastError): string | null {
  if (/host key/.test(message))
    return 'Do not go on before it is known whose key that is: somebody may stand in between.';
  if (/\b(?:ca_file|cert_file|key_file|known_hosts_file|ssh_key_file)\b/.test(message))
    return 'Correct what is named in the agent configuration, or the file.';
  if (/TLS certificate/.test(message))
    return 'See to the certificate of the server, to source.ca_file and to the clock of this host.';
  if (/SHA-256/.test(message)) return 'Make a SHA-1 repository for the fleet.';
  return REMEDIES[code] ?? null;
}

/** `git@host:path` is no URL, and `import:` has no host. */
function shownUrl(url: string): string {
  return url.includes('://') ? redactUrl(url) : url;
}
