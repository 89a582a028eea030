// A person at this host wants what is in quarantine tried again: it leaves quarantine, and the next plan is for it.
import { shortRevision } from '../../fleet/names.ts';
import { withoutQuarantined } from '../../fleet/rollout/record.ts';
import type { Parts } from './parts.ts';
import type { Report } from './report.ts';
import type { Versions } from './versions.ts';

export async function tryAgain({ inbox }: Pick<Parts, 'inbox'>, versions: Versions, report: Report): Promise<void> {
  for (const { app, path } of await inbox.retries()) {
    const before = versions.record().quarantine;
    versions.change((record) => withoutQuarantined(record, app));
    const kept = versions.record().quarantine;
    for (const entry of before.filter((one) => !kept.includes(one))) {
      const { app: name, revision } = entry;
      const message = `${name}: ${shortRevision(revision)} is tried again, as was asked for on this host`;
      report.event({ severity: 'info', reason: 'Progressing', message, revision, resource: `app:${name}` });
    }
    // First what survives a power cut: asked for twice is no harm.
    versions.save();
    await inbox.remove(path);
  }
}
