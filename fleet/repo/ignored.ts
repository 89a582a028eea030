// What is said of `ignore` patterns that match nothing: a misspelt one would look as if it held.
import { SERVICE_KEYS } from '../compose/keys/service.ts';
import { didYouMean } from '../compose/nearest.ts';
import { doubtful, type Report, shown } from '../compose/report.ts';
import type { LoadedApp } from './app.ts';

const FORM = 'write services.<service>.<key>, as in services.web.labels.*';

export function checkIgnored({ app, project }: LoadedApp, report: Report): void {
  const services = [...new Set(project.services.map(({ name }) => name))];
  for (const pattern of app.ignore) {
    const hint = wrongWord(pattern.value, services);
    const what = `"${shown(pattern.value)}" matches nothing, so nothing is ignored`;
    if (hint !== undefined) doubtful({ path: `apps.${app.name}.ignore`, report }, pattern.at, 'ignore', what, hint);
  }
}

/** `*` stands for anything, so only what stands before the first one can be wrong. */
function wrongWord(pattern: string, services: readonly string[]): string | undefined {
  const fixed = pattern.split('*', 1)[0] ?? '';
  const isWhole = fixed === pattern;
  const top = 'services.';
  if (isWhole ? !fixed.startsWith(top) : !fixed.startsWith(top) && !top.startsWith(fixed)) return FORM;
  const rest = fixed.slice(top.length);
  const service = services.find((name) => rest.startsWith(`${name}.`));
  if (service !== undefined) return wrongKey(rest.slice(service.length + 1), isWhole);
  if (!isWhole && services.some((name) => name.startsWith(rest))) return undefined;
  const [name = '', key] = rest.split('.');
  if (name === '' || key === undefined) return FORM;
  return didYouMean(name, services) ?? `there is no service "${shown(name)}" in this app`;
}

/** Only of words that resemble a key: some fields of an observed container are no keys of a Compose file. */
function wrongKey(rest: string, isWhole: boolean): string | undefined {
  const [key = '', ...more] = rest.split('.');
  if (Object.hasOwn(SERVICE_KEYS, key) || (more.length === 0 && !isWhole)) return undefined;
  return key === '' ? FORM : didYouMean(key, Object.keys(SERVICE_KEYS));
}
