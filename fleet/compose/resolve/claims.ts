// What can be had only once on a device: names on the Engine and host ports. Checked over all apps together.
import type { Port } from '../../model/service.ts';
import { isIpv4 } from '../keys/addresses.ts';
import { locate, type Place } from '../place.ts';
import { type Report, shown } from '../report.ts';

export type Claim = {
  /** `kiosk/web`; of a network or volume `kiosk`. */
  readonly owner: string;
  /** Key path, for the message. */
  readonly path: string;
  readonly at: Place;
} & (
  | { readonly kind: 'container' | 'network' | 'volume'; readonly name: string }
  | { readonly kind: 'port'; readonly port: Port }
);

/** Most host ports of one device. */
export const MAX_HOST_PORTS = 131_072;

/** Reports every second claim to the same thing. */
export function checkClaims(claims: readonly Claim[], report: Report): void {
  const sorted = [...claims].sort((a, b) => compare(a.owner, b.owner) || compare(a.path, b.path));
  const ports = sorted.filter(({ kind }) => kind === 'port');
  const [first] = ports;
  if (first !== undefined && ports.length > MAX_HOST_PORTS) {
    report.error(first.at, 'too-large', `more than ${MAX_HOST_PORTS} host ports on one device`);
    return;
  }
  const held = new Map<string, Claim[]>();
  for (const claim of sorted) {
    const key = claim.kind === 'port' ? `${claim.port.published}/${claim.port.protocol}` : claim.name;
    const holders = held.get(`${claim.kind} ${key}`) ?? [];
    const other = holders.find((holder) => clash(holder, claim));
    if (other !== undefined) refuse(claim, other, report);
    else held.set(`${claim.kind} ${key}`, [...holders, claim]);
  }
}

function refuse(claim: Claim, other: Claim, report: Report): void {
  if (claim.kind === 'port') {
    const { published, protocol, host_ip } = claim.port;
    const what = `host port ${host_ip === undefined ? '' : `${host_ip}:`}${published}/${protocol}`;
    const message = `${claim.path}: ${what} is already taken by ${other.owner}${lineOfOther(claim, other)}`;
    // Within one app Compose lets it be, and whichever container is first has the port; between apps nothing says who that is.
    const say = appOf(claim) === appOf(other) ? report.warn : report.error;
    say(claim.at, 'port-conflict', message, 'publish another host port');
    return;
  }
  const hint =
    claim.kind === 'container'
      ? 'choose another container_name'
      : 'give it another name, or declare one of them external';
  report.error(
    claim.at,
    'name-conflict',
    `${claim.path}: the ${claim.kind} name "${shown(claim.name)}" is already taken by ${other.owner}${lineOfOther(claim, other)}`,
    hint,
  );
}

/** ` (line 4)`, ` (apps/sign/compose.yaml:4)`: where the other one says so, unless that is the same place. */
function lineOfOther({ at }: Claim, { at: other }: Claim): string {
  const [here, there] = [locate(at), locate(other)];
  if (there.line === 0 || (here.file === there.file && here.line === there.line)) return '';
  return here.file === there.file ? ` (line ${there.line})` : ` (${there.file}:${there.line})`;
}

function appOf({ owner }: Claim): string {
  return owner.split('/')[0] ?? '';
}

function clash(a: Claim, b: Claim): boolean {
  return a.kind !== 'port' || b.kind !== 'port' || overlap(a.port.host_ip, b.port.host_ip);
}

/** Do two host addresses listen at one place? Absent is all of them; 0.0.0.0 and :: are all of their kind. */
function overlap(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return true;
  return isIpv4(a) === isIpv4(b) && [a, b].some((address) => address === '0.0.0.0' || address === '::');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
