// All rows of keys.
import { LIMITS } from './limits.ts';
import { MOUNTS } from './mounts.ts';
import { network } from './network.ts';
import { PROCESS } from './process.ts';
import type { Row } from './row.ts';
import { sharing } from './sharing.ts';

/** `outsider`: a container that Holdfast did not make; `id` keeps names of containers apart. */
export function rowsOfKeys(outsider: string, id: string): readonly Row[] {
  return [...PROCESS, ...LIMITS, ...sharing(outsider), ...network(outsider, id), ...MOUNTS];
}
