// The drift of the whole fleet: in groups, to see what is one cause and what are many; or one by one.
import { useEffect, useRef } from 'preact/hooks';
import type { DriftPage as Page } from '../../../api/schemas.ts';
import type { Batch } from '../../data/inbox.ts';
import { useResource } from '../../data/use-resource.ts';
import { useSession } from '../../data/use-session.ts';
import { Choices } from '../../parts/choices.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { type DriftGroup, GROUPS } from '../../route/route.ts';
import { plural } from '../../words/value.ts';
import { DriftGroups } from './drift-groups.tsx';
import { DriftItems } from './drift-items.tsx';

const NAMES = { field: 'By field', service: 'Service', app: 'App', revision: 'Revision' } as const;
const TYPING_MS = 200;
/** The hub reads all open drift for one answer. */
const AGAIN_MS = 3000;

export function DriftPage({ by, q }: { by: DriftGroup | null; q: string }) {
  const { client } = useSession();
  const resource = useResource<Page>(by ?? 'each', {
    againMs: AGAIN_MS,
    load: (signal) => client.drift(by, signal),
    fold: (value, batch) => ({ value, again: moved(value, batch) }),
  });
  const { value, loading, error } = resource.state.value;
  return (
    <section aria-labelledby="title" aria-busy={loading}>
      <header class="page-head">
        <h1 id="title">Drift</h1>
        <Choices
          label="Group drift by"
          choices={[...GROUPS, null].map((one) => ({
            name: one === null ? 'Each' : NAMES[one],
            route: { page: 'drift', by: one, q: '' },
            current: one === by,
          }))}
        />
        {value !== null && <p class="shown">{plural(value.total, 'open difference')}</p>}
      </header>
      {error !== null && <Problem message={error.message} retry={resource.reload} />}
      {value === null && error === null && (
        <div class="panel">
          <Skeleton rows={5} label="Loading drift" />
        </div>
      )}
      {value !== null && value.total === 0 && <NoDrift />}
      {value !== null && value.total > 0 && by !== null && <DriftGroups by={by} groups={value.groups} />}
      {value !== null && value.total > 0 && by === null && (
        <>
          <DriftSearch q={q} />
          <DriftItems items={value.items} total={value.total} q={q} />
        </>
      )}
    </section>
  );
}

/** Devices report often, but their drift moves rarely. */
function moved(page: Page, batch: Batch): boolean {
  const total = batch.summary?.drift.open ?? page.total;
  return total !== page.total || batch.devices.some((device) => device.drift > 0);
}

function NoDrift() {
  return (
    <div class="empty">
      <h2>No drift</h2>
      <p>Every host that reports runs what was applied to it, field by field.</p>
    </div>
  );
}

function DriftSearch({ q }: { q: string }) {
  const session = useSession();
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  function typed(text: string): void {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(
      () => session.go({ page: 'drift', by: null, q: text }, { replace: true }),
      TYPING_MS,
    );
  }
  return (
    <search>
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label class="search">
          <Icon name="search" />
          <span class="unseen">Search drift</span>
          <input
            type="search"
            placeholder="Search device, resource, field, value"
            maxLength={128}
            value={q}
            onInput={(event) => typed(event.currentTarget.value)}
          />
        </label>
      </form>
    </search>
  );
}
