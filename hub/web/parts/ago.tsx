// A point in time as distance from now; the exact one on hover. Follows the hub's clock.
import { useSession } from '../data/use-session.ts';
import { exactTime, relativeTime } from '../words/relative-time.ts';

export function Ago({ at }: { at: string }) {
  const now = useSession().now.value;
  return (
    <time dateTime={at} title={exactTime(at)}>
      {relativeTime(at, now)}
    </time>
  );
}
