// `holdfast-agent accept COMMIT`: a person at this host says that one commit is meant although it does not descend from what
// was applied. Hands that word in; the agent decides with it.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { HoldfastError } from '../../fleet/error.ts';
import { agentRuns } from '../inbox/agent-runs.ts';
import { handInAccept } from '../inbox/hand-in.ts';

/** Throws `ConfigInvalid` for anything but a full commit id. */
export async function accept(config: AgentConfig, commit: string): Promise<number> {
  const id = parseCommitId(commit);
  await handInAccept(config.state_dir, id);
  process.stdout.write(acceptText(id, await agentRuns(config.state_dir)));
  return 0;
}

export function parseCommitId(text: string): string {
  if (/^[0-9a-f]{40}$/i.test(text)) return text.toLowerCase();
  const why =
    text.length === 64 ? 'it is one of a SHA-256 repository, which is not supported' : 'it has to be all 40 hex digits';
  throw new HoldfastError(
    'ConfigInvalid',
    `${JSON.stringify(text.slice(0, 80))} is no commit id: ${why}, so that no other commit can be meant. "git rev-parse REF" prints it.`,
  );
}

export function acceptText(commit: string, running: boolean): string {
  const when = running ? 'the next time the agent looks at Git' : 'by the next "holdfast-agent run" or "once"';
  return [
    `${commit} is accepted on this host ${when}, even if it does not descend from what was applied.`,
    'One time, and this commit only: nothing else that was rewritten or goes back is taken. Signatures are still checked.',
    '',
  ].join('\n');
}
