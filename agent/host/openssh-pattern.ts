// OpenSSH's patterns, as in known_hosts and allowed_signers. Pure. Source: ssh_config(5), PATTERNS.

/** `*` stands for any text, `?` for one character. Takes at most pattern × text steps, whatever the pattern. */
export function isLike(pattern: string, text: string): boolean {
  let at = 0;
  let textAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (textAt < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      starAt = at++;
      resumeAt = textAt;
    } else if (wanted === '?' || wanted === text[textAt]) {
      at++;
      textAt++;
    } else if (starAt >= 0) {
      at = starAt + 1;
      textAt = ++resumeAt;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
