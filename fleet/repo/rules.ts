// What is said of patterns of `drift` and `ignore` that match nothing: a misspelt one would look as if it held.
import { SERVICE_KEYS } from '../compose/keys/service.ts';
import { didYouMean } from '../compose/nearest.ts';
import { doubtful, type Report, shown } from '../compose/report.ts';
import type { LoadedApp } from './app.ts';
import type { Rule } from './drift-keys.ts';

const FORM =
  'write services.<service>.<key>, networks.<network>.<key> or volumes.<volume>.<key>: services.web.labels.*';

const TOPS = ['services', 'networks', 'volumes'] as const;
type Names = Readonly<Record<(typeof TOPS)[number], readonly string[]>>;

/** What is no key of a Compose file, and may drift all the same. */
const WORDS = ['state', 'missing', 'unexpected', 'files', 'exec'];

export function checkRules({ app, project }: LoadedApp, report: Report): void {
  const names: Names = {
    services: [...new Set(project.services.map(({ name }) => name))],
    networks: project.networks.map(({ key }) => key),
    volumes: project.volumes.map(({ key }) => key),
  };
  for (const rule of app.rules) doubt(rule, wrongWord(rule.pattern.value, names), `apps.${app.name}`, report);
}

/** Of rules for all apps only the form can be told: what they name may run elsewhere. */
export function checkPatterns(rules: readonly Rule[], report: Report): void {
  for (const rule of rules) doubt(rule, topOf(rule.pattern.value) === undefined ? FORM : undefined, 'drift', report);
}

function doubt({ owner, pattern }: Rule, hint: string | undefined, path: string, report: Report): void {
  if (hint === undefined) return;
  const nothing = owner === 'ignore' ? 'nothing is ignored' : `it makes no field "${owner}"`;
  const what = `"${shown(pattern.value)}" matches nothing, so ${nothing}`;
  doubtful({ path: `${path}.${owner}`, report }, pattern.at, owner, what, hint);
}

/** The kinds of resources that a pattern may name; undefined: none. */
function topOf(pattern: string): readonly (keyof Names)[] | undefined {
  const [fixed = ''] = pattern.split('*', 1);
  const isWhole = fixed === pattern;
  const tops = TOPS.filter((top) => fixed.startsWith(`${top}.`) || (!isWhole && `${top}.`.startsWith(fixed)));
  return tops.length === 0 ? undefined : tops;
}

/** `*` stands for anything, so only what stands before the first one can be wrong. */
function wrongWord(pattern: string, names: Names): string | undefined {
  const [fixed = ''] = pattern.split('*', 1);
  const isWhole = fixed === pattern;
  const [top, ...others] = topOf(pattern) ?? [];
  if (top === undefined) return FORM;
  if (others.length > 0 || fixed.length <= top.length) return undefined;
  const rest = fixed.slice(top.length + 1);
  const named = names[top].find((name) => rest.startsWith(`${name}.`));
  if (named !== undefined) return top === 'services' ? wrongKey(rest.slice(named.length + 1), isWhole) : undefined;
  if (!isWhole && names[top].some((name) => name.startsWith(rest))) return undefined;
  const [name = '', key] = rest.split('.');
  if (name === '' || key === undefined) return FORM;
  return didYouMean(name, names[top]) ?? `there is no ${top.slice(0, -1)} "${shown(name)}" in this app`;
}

/** Only of words that resemble a key: some fields of an observed container are no keys of a Compose file. */
function wrongKey(rest: string, isWhole: boolean): string | undefined {
  const [key = '', ...more] = rest.split('.');
  if (Object.hasOwn(SERVICE_KEYS, key) || WORDS.includes(key) || (more.length === 0 && !isWhole)) return undefined;
  return key === '' ? FORM : didYouMean(key, [...Object.keys(SERVICE_KEYS), ...WORDS]);
}
