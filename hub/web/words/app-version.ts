// Which version of an app runs, in plain words, where that is not the declared one. Pure text.
import { shortRevision } from '../../../fleet/names.ts';
import type { AppStatus } from '../../../fleet/wire/messages.ts';

export interface VersionWords {
  readonly tone: 'busy' | 'bad';
  readonly says: string;
  /** null: nothing to do. */
  readonly remedy: string | null;
}

/** null: what is declared runs. `desired`: the revision that the device was told last. */
export function versionWords(
  { name, sync, revision, quarantined }: Omit<AppStatus, 'services' | 'health'>,
  desired: string | null,
): VersionWords | null {
  const runs = revision === undefined ? 'the last known good' : shortRevision(revision);
  if (quarantined !== undefined)
    return {
      tone: 'bad',
      says: `${shortRevision(quarantined.revision)} failed (${quarantined.reason}) and is in quarantine; ${runs} runs.`,
      remedy: `Correct it and commit, or run “holdfast-agent retry ${name}” on the host.`,
    };
  if (sync === 'Synced' || revision === undefined || revision === desired) return null;
  return { tone: 'busy', says: `${runs} runs; the change that Git declares waits.`, remedy: null };
}
