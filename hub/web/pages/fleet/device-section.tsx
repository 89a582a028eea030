// The filter and the table that it filters. Owns what is asked of the hub and how the stream keeps it true.
import { useSignal } from '@preact/signals';
import { type DeviceList, EMPTY_LIST, withDevices, withPage, worstFirst } from '../../data/device-list.ts';
import { type Resource, useResource } from '../../data/use-resource.ts';
import { useSession } from '../../data/use-session.ts';
import { Problem } from '../../parts/problem.tsx';
import { Skeleton } from '../../parts/skeleton.tsx';
import { type FleetQuery, hrefOf, isFiltered, NO_FILTER } from '../../route/route.ts';
import { plural } from '../../words/value.ts';
import { DeviceTable } from './device-table.tsx';
import { FilterForm } from './filter-form.tsx';

/** After a lost line, at most so many pages are asked for again. */
const PAGES_AGAIN_MAX = 10;

export function DeviceSection({ query }: { query: FleetQuery }) {
  const { client } = useSession();
  const key = JSON.stringify(query);
  const list = useResource<DeviceList>(key, {
    againMs: 1000,
    async load(signal, before) {
      let fresh = withPage(EMPTY_LIST, await client.devices(query, null, signal));
      const wanted = before?.items.size ?? 0;
      for (let page = 1; page < PAGES_AGAIN_MAX && fresh.next !== null && fresh.items.size < wanted; page += 1) {
        fresh = withPage(fresh, await client.devices(query, fresh.next, signal));
      }
      return fresh;
    },
    fold: (value, batch) => ({
      value: batch.devices.length === 0 ? value : withDevices(value, batch.devices, query),
      again: false,
    }),
  });
  const { value, loading, error } = list.state.value;
  return (
    <section class="panel devices" aria-label="Devices" aria-busy={loading}>
      <FilterForm query={query}>{value !== null && <Shown list={value} query={query} />}</FilterForm>
      {error !== null && <Problem message={error.message} retry={list.reload} />}
      {value === null && error === null && <Skeleton rows={8} label="Loading devices" />}
      {value !== null && value.items.size > 0 && <DeviceTable devices={worstFirst(value.items.values())} />}
      {value !== null && value.items.size === 0 && !loading && <NoneFound query={query} />}
      {value !== null && value.next !== null && <MoreButton list={list} query={query} cursor={value.next} />}
    </section>
  );
}

function Shown({ list, query }: { list: DeviceList; query: FleetQuery }) {
  const all = useSession().summary.value?.devices ?? 0;
  const { size } = list.items;
  const partly = list.next !== null && !isFiltered(query) && all > size;
  const count = partly ? `${size.toLocaleString('en')} of ${plural(all, 'device')}` : plural(size, 'device');
  return (
    <p class="shown" role="status">
      {list.next !== null && !partly ? `first ${count}` : count}
    </p>
  );
}

function NoneFound({ query }: { query: FleetQuery }) {
  return (
    <p class="none">
      {isFiltered(query) ? 'No device matches. ' : 'No device yet. '}
      {isFiltered(query) && <a href={hrefOf({ page: 'fleet', query: NO_FILTER })}>Show all</a>}
    </p>
  );
}

function MoreButton({ list, query, cursor }: { list: Resource<DeviceList>; query: FleetQuery; cursor: string }) {
  const { client } = useSession();
  const busy = useSignal(false);
  async function more(): Promise<void> {
    busy.value = true;
    try {
      const page = await client.devices(query, cursor, new AbortController().signal);
      const { state } = list;
      if (state.value.value?.next === cursor)
        state.value = { ...state.value, value: withPage(state.value.value, page) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      list.state.value = { ...list.state.value, error: { status: 0, message } };
    } finally {
      busy.value = false;
    }
  }
  return (
    <p class="more">
      <button type="button" disabled={busy.value} onClick={() => void more()}>
        {busy.value ? 'Loading…' : 'Show more'}
      </button>
    </p>
  );
}
