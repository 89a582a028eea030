// Which values merge in their own way: the exceptions of the Compose specification to "maps are merged, lists appended,
// the rest replaced". A table by path; `*` is any one name.

/**
 * `replace`: the later one as it is. `pairs`: a map or a list of `KEY=value`. `sequence`: one or a list. `hosts`: a map or a
 * list of `NAME=address`, where one name may have several. `references`: a list of names, or a map by name. `dependencies`:
 * the same, where a bare name has a meaning of its own. `driver`: what belongs to another driver is dropped. `context`: a
 * path, or a map. `subnets`: by subnet.
 */
export type Rule =
  | 'replace'
  | 'pairs'
  | 'sequence'
  | 'hosts'
  | 'references'
  | 'dependencies'
  | 'driver'
  | 'context'
  | 'subnets';

const RULES: Readonly<Record<string, Rule>> = {
  'services.*.command': 'replace',
  'services.*.entrypoint': 'replace',
  'services.*.healthcheck.test': 'replace',
  'services.*.ulimits.*': 'replace',
  'services.*.environment': 'pairs',
  'services.*.labels': 'pairs',
  'services.*.annotations': 'pairs',
  'services.*.sysctls': 'pairs',
  'services.*.deploy.labels': 'pairs',
  'services.*.build.args': 'pairs',
  'services.*.build.labels': 'pairs',
  'services.*.build.additional_contexts': 'pairs',
  'services.*.env_file': 'sequence',
  'services.*.label_file': 'sequence',
  'services.*.tmpfs': 'sequence',
  'services.*.dns': 'sequence',
  'services.*.dns_opt': 'sequence',
  'services.*.dns_search': 'sequence',
  'services.*.extra_hosts': 'hosts',
  'services.*.build.extra_hosts': 'hosts',
  'services.*.networks': 'references',
  'services.*.models': 'references',
  'services.*.depends_on': 'dependencies',
  'services.*.logging': 'driver',
  'services.*.build': 'context',
  'networks.*.labels': 'pairs',
  'networks.*.ipam.config': 'subnets',
  'volumes.*.labels': 'pairs',
  'configs.*.labels': 'pairs',
  'secrets.*.labels': 'pairs',
};

export function ruleOf(path: readonly string[]): Rule | undefined {
  return lookUp(RULES, path);
}

/** What a table by path has for one. */
export function lookUp<T>(table: Readonly<Record<string, T>>, path: readonly string[]): T | undefined {
  if (path.length < 3 || path.length > 5) return undefined;
  const [section, , ...rest] = path;
  const exact = [section, '*', ...rest].join('.');
  const open = [section, '*', ...rest.slice(0, -1), '*'].join('.');
  for (const key of [exact, open]) if (Object.hasOwn(table, key)) return table[key];
  return undefined;
}
