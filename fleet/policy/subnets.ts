// Which addresses a network of containers may have without asking: those that nobody on the Internet has.
import { isIpv4 } from '../compose/keys/addresses.ts';

/** RFC 1918, RFC 6598. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(parse);

/** Is all of it private? */
export function isPrivateSubnet(subnet: string): boolean {
  const asked = parse(subnet);
  // Unique local addresses, RFC 4193; the others have routes of their own.
  if (asked === null) return /^f[cd][0-9a-f]{2}:/i.test(subnet) && Number(subnet.split('/')[1]) >= 7;
  return PRIVATE.some((range) => range !== null && asked.bits >= range.bits && sameStart(asked.address, range));
}

interface Range {
  readonly address: number;
  readonly bits: number;
}

function sameStart(address: number, { address: start, bits }: Range): boolean {
  const size = 2 ** (32 - bits);
  return Math.floor(address / size) === Math.floor(start / size);
}

/** null: no IPv4. */
function parse(subnet: string): Range | null {
  const [address = '', bits] = subnet.split('/');
  if (!isIpv4(address)) return null;
  return { address: address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0), bits: Number(bits) };
}
