// Secrets that came into labels or annotations by another way than a variable at that place (an anchor, a variable made of a
// secret): what an inspect shows to everybody may hold none.
import type { Place } from '../compose/place.ts';
import { type Report, shown } from '../compose/report.ts';
import type { SecretFiles } from '../compose/resolve/secret-files.ts';
import type { LoadedApp } from './app.ts';

/** Shorter values turn up by chance. */
const LEAST_CHARACTERS = 8;

export function checkSecretsInSight(loaded: readonly LoadedApp[], secretFiles: SecretFiles, report: Report): void {
  const values = secretFiles.values().filter(({ length }) => length >= LEAST_CHARACTERS);
  if (values.length === 0) return;
  for (const { app, project } of loaded) {
    for (const service of project.services) {
      const { labels, annotations = {} } = service;
      check({ labels, annotations }, `services.${service.name}`, app.at);
    }
    for (const { key, labels } of project.networks) check({ labels }, `networks.${key}`, app.at);
    for (const { key, labels } of project.volumes) check({ labels }, `volumes.${key}`, app.at);
  }

  function check(maps: Readonly<Record<string, Readonly<Record<string, string>>>>, path: string, at: Place): void {
    for (const [name, map] of Object.entries(maps)) {
      for (const [key, text] of Object.entries(map)) {
        if (!values.some((value) => text.includes(value))) continue;
        const what = `${path}.${name}.${shown(key)}: holds the value of a secret, and labels are shown to everybody`;
        report.error(at, 'secret-in-sight', what, 'mount it as a secret, or pass it under "environment"');
      }
    }
  }
}
