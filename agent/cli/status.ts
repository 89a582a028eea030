// `holdfast-agent status`: what the daemon last knew, read from its state file.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { printable } from '../../fleet/diagnostic.ts';
import { HoldfastError } from '../../fleet/error.ts';
import { shortRevision } from '../../fleet/names.ts';
import { formatValue } from '../../fleet/reconcile/text.ts';
import type { StatusBody } from '../../fleet/status.ts';
import { type ReadStore, readStore } from '../store/read-store.ts';

type Stored = StatusBody & { readonly ts: string };

/** 0 when Ready is True. */
export function status(config: AgentConfig, output: 'text' | 'json'): number {
  const store = readStore(config.state_dir);
  const json = store?.status() ?? null;
  const left = store === null ? [] : leftVolumes(store);
  store?.close();
  if (json === null) {
    throw new HoldfastError(
      'StateUnavailable',
      `no agent has reported from ${config.state_dir} yet; start it with "holdfast-agent run"`,
    );
  }
  const stored = JSON.parse(json) as Stored;
  process.stdout.write(
    output === 'json' ? `${JSON.stringify(stored, null, 2)}\n` : statusText(config.device, stored, left),
  );
  return stored.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True') ? 0 : 1;
}

/** Volumes of this agent that no version declares which may have to run: they are never removed, and are a person's to judge. */
export function leftVolumes(store: Pick<ReadStore, 'inventory' | 'accepted' | 'rollout'>): readonly string[] {
  const { goods, begun } = store.rollout();
  const apps = [...(store.accepted()?.apps ?? []), ...[...goods, ...begun].map(({ app }) => app)];
  const declared = new Set(apps.flatMap(({ volumes }) => volumes.map(({ name }) => name)));
  return store.inventory().flatMap(({ kind, name }) => (kind === 'volume' && !declared.has(name) ? [name] : []));
}

/** What an earlier condition says already is not said again. */
function conditionLines(conditions: Stored['conditions']): string[] {
  return conditions.map(({ type, status: is, reason, message }, index) => {
    const isSaid = conditions.slice(0, index).some((earlier) => earlier.message.startsWith(message));
    return isSaid ? `${type} ${is}: ${reason}` : `${type} ${is}: ${reason}: ${message}`;
  });
}

function quarantineLine({ revision, reason, since }: Quarantine, runs = 'the last known good'): string {
  return `  ${shortRevision(revision)} is in quarantine since ${since} (${reason}); ${shortRevision(runs)} runs`;
}

type Quarantine = NonNullable<Stored['apps'][number]['quarantined']>;

export function statusText(device: string, stored: Stored, left: readonly string[] = []): string {
  const { revision } = stored;
  const lines = [
    `device     ${device}`,
    `sync       ${stored.sync}`,
    `health     ${stored.health}`,
    `desired    ${revision.desired ?? 'not known yet'}`,
    `applied    ${revision.applied ?? 'nothing yet'}`,
    `last good  ${revision.last_good ?? 'none yet'}`,
    `signed by  ${stored.revision.signed_by ?? (stored.source?.verified === true ? 'nobody yet' : 'not verified (no verify in agent.yaml)')}`,
    `fetched    ${stored.source?.way ?? 'not yet'}`,
    `since      ${stored.ts}`,
    '',
    ...conditionLines(stored.conditions),
  ];
  for (const app of stored.apps) {
    lines.push('', `${app.name}  ${app.sync}  ${app.health}`);
    if (app.quarantined !== undefined) lines.push(quarantineLine(app.quarantined, app.revision));
    else if (app.sync === 'OutOfSync' && app.revision !== undefined && app.revision !== revision.desired)
      lines.push(`  ${shortRevision(app.revision)} runs until the change can begin`);
    for (const service of app.services) {
      lines.push(
        `  ${service.name}  ${service.health}  ${service.image}${service.message === undefined ? '' : `  ${service.message.replace(/\s+/g, ' ')}`}`,
      );
    }
  }
  if (stored.drift.length > 0) lines.push('', 'drift (declared / live)');
  for (const { resource, field, kind, desired, observed, since, by } of stored.drift) {
    lines.push(
      `  ${resource}  ${field ?? kind}: ${formatValue(desired)} / ${formatValue(observed)}  since ${since}${by === undefined ? '' : ` (${by})`}`,
    );
  }
  if (left.length > 0)
    lines.push('', 'volumes that Git declares no more ("docker volume rm" removes one with its data)');
  lines.push(...left.map((name) => `  ${name}`));
  return `${lines.join('\n').split('\n').map(printable).join('\n')}\n`;
}
