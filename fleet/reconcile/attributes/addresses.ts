// Network addresses as text that can be compared: an IPv6 address has many spellings, and newer Engines answer in the
// canonical one.

/** An address or a subnet in its canonical spelling; anything else as it is, in lower case. */
export function normalAddress(address: string): string {
  const lower = address.toLowerCase();
  if (!lower.includes(':')) return lower;
  const [host = '', bits] = lower.split('/');
  const url = URL.parse(`http://[${host}]/`);
  if (url === null) return lower;
  return `${url.hostname.slice(1, -1)}${bits === undefined ? '' : `/${bits}`}`;
}

/** 4 or 6, by how it is written. */
export function family(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
