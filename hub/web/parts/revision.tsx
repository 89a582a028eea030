// A revision, short; the whole of it on hover.
import { shortRevision } from '../../../fleet/names.ts';

export function Revision({ of, none = 'none' }: { of: string | null; none?: string }) {
  if (of === null) return <span class="faint">{none}</span>;
  return (
    <code class="revision" title={of}>
      {shortRevision(of)}
    </code>
  );
}
