// Which failures of the system mean that the disk itself is in trouble, and what to do about each.

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free space on it.',
  EDQUOT: 'The disk quota is used up: raise it or free space.',
  EROFS: 'The file system is read-only: a failing disk is often mounted so; check it.',
  EIO: 'The disk fails: check it and replace it.',
};

/** SQLite's primary result codes that say the same (sqlite3.h: SQLITE_IOERR, SQLITE_FULL). */
const SQLITE: Readonly<Record<number, string>> = { 10: 'EIO', 13: 'ENOSPC' };

/** What to do, for a failure that is to be reported as `DiskPressure`; null: it is something else. */
export function diskTrouble(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const sqlite = 'errcode' in error && typeof error.errcode === 'number' ? SQLITE[error.errcode & 0xff] : undefined;
  const code = sqlite ?? ('code' in error ? String(error.code) : '');
  return ADVICE[code] ?? null;
}
