// An answer that did not come, and the way to ask again.
import { Icon } from './icon.tsx';

export function Problem({ message, retry }: { message: string; retry: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="warn" />
      <p>{message}</p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}
