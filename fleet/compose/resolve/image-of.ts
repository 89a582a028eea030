// Which image a service runs, and what is said of `build`: a device builds nothing.
import type { ServiceFields } from '../keys/service.ts';
import { mapOf, type Node, withoutKey } from '../node.ts';
import type { Place } from '../place.ts';
import { missingKey } from '../read.ts';
import { below, doubtful, shown, type Where } from '../report.ts';

const IN_CI = 'build it in CI, push it to a registry and name it with image:';

/** `built`: how Compose names the image of a service that is only built. Empty: there is none, and it was said. */
export function imageOf(
  built: string,
  { image, build }: Partial<ServiceFields>,
  node: Node,
  keyAt: Place,
  where: Where,
): Pick<Partial<ServiceFields>, 'image'> {
  const entries = node.kind === 'map' ? node.entries : new Map<string, never>();
  if (build !== undefined) {
    const at = entries.get('build')?.keyAt ?? build.at;
    const taken = `: the image "${shown(built)}" has to be on the device or in a registry already`;
    const what = `is not carried out on devices${image === undefined ? taken : ''}`;
    const hint = image === undefined ? IN_CI : 'the image that is named with image: is run; remove build';
    doubtful(below(where, 'build'), at, 'build', what, hint);
    return { image: image ?? { value: built, at } };
  }
  if (image !== undefined) return { image };
  const given = entries.get('image')?.value;
  const isEmpty = given === undefined || (given.kind === 'scalar' && (given.value === null || given.value === ''));
  // A diagnostic about these is enough.
  if (isEmpty && !entries.has('extends') && !entries.has('provider') && !lacksAnchor(where)) {
    missingKey(withoutKey(mapOf(node), 'image'), where, 'image', 'add image: NAME:TAG', keyAt);
  }
  return {};
}

/** What it should have been merged with is not there, and that was said. */
function lacksAnchor({ path, report }: Where): boolean {
  return report
    .diagnostics()
    .some(({ severity, message }) => severity === 'error' && message.startsWith(`${path}.<<: `));
}
