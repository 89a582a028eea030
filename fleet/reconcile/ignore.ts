// An app's `ignore` patterns: `services.<service>.<field>`, where `*` stands for any run of characters.
// One rule set: what is ignored is neither reported nor corrected.

export function isIgnored(patterns: readonly string[], service: string, field: string | null): boolean {
  if (field === null) return false;
  const path = `services.${service}.${field}`;
  return patterns.some((pattern) => matches(pattern, path));
}

/** Linear in both lengths: on a mismatch only the last `*` takes one character more. */
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
