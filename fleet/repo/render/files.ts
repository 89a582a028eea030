// configs and secrets of an app: where each comes from, and the id of what was made of it. Never what is in a secret.

import type { ConfigFields } from '../../compose/keys/configs.ts';
import type { SecretFields } from '../../compose/keys/secrets.ts';
import type { Declared } from '../../compose/project.ts';
import type { DesiredApp } from '../../model/desired.ts';
import { compact, isRendered, type Rendered, sorted } from './plain.ts';
import { fromFolder } from './relative.ts';

/** `made`: those whose content lies in no file, by name. Only what a service of the app mounts is shown, as in Compose. */
export function renderFiles(
  { name: app, services }: DesiredApp,
  kind: 'configs' | 'secrets',
  made: Rendered,
  declared: Declared | undefined,
): Rendered {
  if (declared === undefined) return sorted(made);
  const used = new Set(services.flatMap(({ name }) => sourcesOf(declared, name, kind)));
  const all = [...declared[kind]].filter(([name]) => used.has(name));
  return sorted(
    Object.fromEntries(
      all.map(([name, fields]) => {
        const known = made[name];
        const from = 'from' in fields ? ofSecret(fields, name) : ofConfig(fields, name);
        const shown = { name: `${app}_${name}`, ...(isRendered(known) ? known : {}), ...from };
        return [name, compact({ ...shown, file: from.file && pathOf(String(from.file), declared.folder) })];
      }),
    ),
  );
}

function sourcesOf({ services }: Declared, name: string, kind: 'configs' | 'secrets'): string[] {
  const node = services.get(name)?.node;
  const list = node?.kind === 'map' ? node.entries.get(kind)?.value : undefined;
  const items = list?.kind === 'list' ? list.items : [];
  return items.flatMap((item) => {
    const source = item.kind === 'map' ? item.entries.get('source')?.value : item;
    return source?.kind === 'scalar' ? [String(source.value)] : [];
  });
}

function ofConfig({ name, file, environment, external }: ConfigFields, key: string): Rendered {
  if (external === true) return { name: name ?? key, external };
  return { ...(name === undefined ? {} : { name }), file: file?.value, environment };
}

function ofSecret({ from }: SecretFields, key: string): Rendered {
  switch (from.kind) {
    case 'file':
      return { file: from.file.value };
    case 'environment':
      return { environment: from.name.value };
    case 'external':
      return { name: from.name ?? key, external: true };
    case 'wrong':
      return {};
  }
}

function pathOf(path: string, folder: string): string {
  return /^[~/]/.test(path) ? path : fromFolder(folder, `${folder}/${path}`);
}
