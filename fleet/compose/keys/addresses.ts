// Network addresses as people write them.

/** IPv4 or IPv6 in the form that people write; the Engine has the last word on IPv6. */
export function isAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

export function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

export function isIpv6(text: string): boolean {
  return (
    text.length <= 45 &&
    /^[0-9a-fA-F:]*:[0-9a-fA-F:]*(?:\d{1,3}(?:\.\d{1,3}){3})?$/.test(text) &&
    text.split(':').length > 2
  );
}
