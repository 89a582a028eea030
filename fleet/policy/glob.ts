// Patterns of the policy: `*` stands for any text, everything else for itself. Linear, whatever the pattern.

/** Does the pattern fit the whole text? */
export function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Of paths: `*` stays within one part, and what fits is allowed with everything below it. */
export function fitsPath(pattern: string, path: string): boolean {
  const parts = path.split('/');
  return pattern.split('/').every((each, index) => {
    const part = parts[index];
    return part !== undefined && fits(each, part);
  });
}
