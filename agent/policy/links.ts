// Where paths of the host really lead. A container that may write to an allowed folder can leave a link in it, and the
// Engine follows links: what counts is the place behind them. Reads only.
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Policy } from '../../fleet/config/policy.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import { normalPath } from '../../fleet/policy/paths.ts';

/** Every bind, and beside it the place to which links lead from there. */
export async function followLinks(asks: readonly Ask[]): Promise<readonly Ask[]> {
  const followed = asks.map(async (ask): Promise<readonly Ask[]> => {
    if (ask.kind !== 'bind') return [ask];
    const real = await leadsTo(ask.source);
    return real === normalPath(ask.source) ? [ask] : [ask, { ...ask, source: real, via: ask.source }];
  });
  return (await Promise.all(followed)).flat();
}

/** The owner may name a link too: what it leads to is allowed with it. */
export async function followBinds(binds: Policy['binds']): Promise<Policy['binds']> {
  const real = binds.map(async (bind) => ({ ...bind, folder: await leadsTo(bind.folder) }));
  return [...binds, ...(await Promise.all(real))];
}

/** What is not there yet leads where its folder does. */
async function leadsTo(path: string): Promise<string> {
  const normal = normalPath(path);
  try {
    return normalPath(await realpath(normal));
  } catch {
    // Absent, or not to be seen from here: then the text is all there is to go by.
    return normal === '/' ? normal : join(await leadsTo(dirname(normal)), normal.slice(normal.lastIndexOf('/') + 1));
  }
}
