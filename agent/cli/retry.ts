// `holdfast-agent retry [APP]`: a person at this host wants versions that failed their health gate tried again. Hands that word in;
// the agent does it.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Quarantined } from '../../fleet/model/rollout.ts';
import { shortRevision } from '../../fleet/names.ts';
import { agentRuns } from '../inbox/agent-runs.ts';
import { handInRetry } from '../inbox/hand-in.ts';
import { readStore } from '../store/read-store.ts';

/** Throws `ConfigInvalid` for an app that is not in quarantine. */
export async function retry(config: AgentConfig, app: string | undefined): Promise<number> {
  const store = readStore(config.state_dir);
  const quarantine = store?.rollout().quarantine ?? [];
  store?.close();
  const meant = quarantine.filter((entry) => app === undefined || entry.app === app);
  if (meant.length === 0 && app !== undefined) throw new HoldfastError('ConfigInvalid', notThere(app, quarantine));
  if (meant.length > 0) await handInRetry(config.state_dir, app ?? null);
  process.stdout.write(retryText(meant, await agentRuns(config.state_dir)));
  return 0;
}

function notThere(app: string, quarantine: readonly Quarantined[]): string {
  const names = quarantine.map((entry) => entry.app).join(', ');
  const instead = names === '' ? 'Nothing is.' : `In quarantine: ${names}.`;
  return `No version of ${JSON.stringify(app.slice(0, 80))} is in quarantine on this host. ${instead}`;
}

export function retryText(meant: readonly Quarantined[], running: boolean): string {
  if (meant.length === 0) return 'Nothing is in quarantine on this host.\n';
  const when = running ? 'now' : 'by the next "holdfast-agent run" or "once"';
  return meant.map(({ app, revision }) => `${app}: ${shortRevision(revision)} is tried again ${when}.\n`).join('');
}
