// `holdfast-agent status`: what the daemon last knew, read from its state file.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { printable } from '../../fleet/diagnostic.ts';
import { HoldfastError } from '../../fleet/error.ts';
import { formatValue } from '../../fleet/reconcile/text.ts';
import type { StatusBody } from '../../fleet/status.ts';
import { readStore } from '../store/read-store.ts';

type Stored = StatusBody & { readonly ts: string };

/** 0 when Ready is True. */
export function status(config: AgentConfig, output: 'text' | 'json'): number {
  const store = readStore(config.state_dir);
  const json = store?.status() ?? null;
  store?.close();
  if (json === null) {
    throw new HoldfastError(
      'StateUnavailable',
      `no agent has reported from ${config.state_dir} yet; start it with "holdfast-agent run"`,
    );
  }
  const stored = JSON.parse(json) as Stored;
  process.stdout.write(output === 'json' ? `${JSON.stringify(stored, null, 2)}\n` : statusText(config.device, stored));
  return stored.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True') ? 0 : 1;
}

/** What an earlier condition says already is not said again. */
function conditionLines(conditions: Stored['conditions']): string[] {
  return conditions.map(({ type, status: is, reason, message }, index) => {
    const isSaid = conditions.slice(0, index).some((earlier) => earlier.message.startsWith(message));
    return isSaid ? `${type} ${is}: ${reason}` : `${type} ${is}: ${reason}: ${message}`;
  });
}

export function statusText(device: string, stored: Stored): string {
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
    for (const service of app.services) {
      lines.push(
        `  ${service.name}  ${service.health}  ${service.image}${service.message === undefined ? '' : `  ${service.message.replace(/\s+/g, ' ')}`}`,
      );
    }
  }
  if (stored.drift.length > 0) lines.push('', 'drift (declared / live)');
  for (const { resource, field, kind, desired, observed, since } of stored.drift) {
    lines.push(`  ${resource}  ${field ?? kind}: ${formatValue(desired)} / ${formatValue(observed)}  since ${since}`);
  }
  return `${lines.join('\n').split('\n').map(printable).join('\n')}\n`;
}
