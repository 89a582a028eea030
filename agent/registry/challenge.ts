// What a registry answers to a request without credentials: `WWW-Authenticate: Bearer realm="…",service="…",scope="…"`. Pure.

export interface Challenge {
  readonly scheme: 'bearer' | 'basic';
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_CHARACTERS = 4096;

/** null: none that is known. */
export function parseChallenge(header: string): Challenge | null {
  const [, word = '', rest = ''] = /^\s*(\w+)\s*(.*)$/s.exec(header.slice(0, MAX_CHARACTERS)) ?? [];
  const scheme = word.toLowerCase();
  if (scheme !== 'bearer' && scheme !== 'basic') return null;
  const pairs = rest.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g);
  return {
    scheme,
    parameters: new Map([...pairs].map(([, name = '', quoted, plain]) => [name.toLowerCase(), quoted ?? plain ?? ''])),
  };
}
