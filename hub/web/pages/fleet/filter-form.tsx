// Text, health, sync and presence. What is typed goes to the URL after a short pause and without a history entry.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { HEALTH, PRESENCE, SYNC } from '../../../../fleet/model/conditions.ts';
import { useSession } from '../../data/use-session.ts';
import { Icon } from '../../parts/icon.tsx';
import { type FleetQuery, hrefOf, isFiltered, NO_FILTER } from '../../route/route.ts';

const TYPING_MS = 200;

export function FilterForm({ query, children }: { query: FleetQuery; children: ComponentChildren }) {
  const session = useSession();
  const timer = useRef<number | undefined>(undefined);
  const latest = useRef(query);
  latest.current = query;
  useEffect(() => () => window.clearTimeout(timer.current), []);
  function change(part: Partial<FleetQuery>): void {
    session.go({ page: 'fleet', query: { ...latest.current, ...part } }, { replace: true });
  }
  function typed(q: string): void {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change({ q }), TYPING_MS);
  }
  return (
    <search>
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label class="search">
          <Icon name="search" />
          <span class="unseen">Search devices</span>
          <input
            type="search"
            placeholder="Search devices, labels, messages"
            maxLength={128}
            value={query.q}
            onInput={(event) => typed(event.currentTarget.value)}
          />
        </label>
        <Select name="Health" values={HEALTH} value={query.health} pick={(health) => change({ health })} />
        <Select name="Sync" values={SYNC} value={query.sync} pick={(sync) => change({ sync })} />
        <Select name="Presence" values={PRESENCE} value={query.presence} pick={(presence) => change({ presence })} />
        {isFiltered(query) && (
          <a class="clear" href={hrefOf({ page: 'fleet', query: NO_FILTER })}>
            Clear
          </a>
        )}
        {children}
      </form>
    </search>
  );
}

interface SelectProps<T extends string> {
  readonly name: string;
  readonly values: readonly T[];
  readonly value: T | null;
  pick(value: T | null): void;
}

function Select<T extends string>({ name, values, value, pick }: SelectProps<T>) {
  return (
    <label class={value === null ? 'select' : 'select select-set'}>
      <span class="unseen">{name}</span>
      <select
        value={value ?? ''}
        onChange={(event) => pick(values.find((one) => one === event.currentTarget.value) ?? null)}
      >
        <option value="">{name}</option>
        {values.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}
