// Says plainly that the hub is not there, and how old what is shown is.
import { useSession } from '../data/use-session.ts';
import { Icon } from '../parts/icon.tsx';
import { clockTime, duration } from '../words/relative-time.ts';

export function Banner() {
  const session = useSession();
  const { state, heard } = session.link.value;
  if (state !== 'lost') return null;
  // Reading the clock makes the age go on while nothing else changes.
  const age = session.now.value === 0 || heard === null ? 0 : Date.now() - heard;
  return (
    <div class="banner" role="alert">
      <Icon name="warn" />
      <p>
        <strong>The hub cannot be reached.</strong>{' '}
        {heard === null
          ? 'It has not answered yet. Devices keep running what Git declares, with or without it.'
          : `What you see is from ${clockTime(heard)}${age > 5000 ? `, ${duration(age)} ago` : ''}. Devices keep running what Git declares.`}
      </p>
      <button type="button" onClick={() => session.retry()}>
        Try now
      </button>
    </div>
  );
}
