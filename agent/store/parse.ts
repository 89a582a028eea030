// What a stored row is made of, looked at before it is believed.

/** Only the outline. */
export function isApp(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, services, networks, volumes } = value as Record<string, unknown>;
  return typeof name === 'string' && [services, networks, volumes].every((list) => Array.isArray(list));
}

export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Not JSON: the row counts as absent.
    return null;
  }
}
