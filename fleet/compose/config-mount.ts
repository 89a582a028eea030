// A config that a service mounts, as content: a file of the repository, or text that the Compose file or a variable holds.
import type { Mount } from '../model/desired.ts';
import type { Files } from './files.ts';
import type { ConfigMount } from './keys/relations.ts';
import type { ConfigFields } from './keys/top.ts';
import { contentId, contentOf, inlineContent, repositoryPath } from './mounts.ts';
import type { Located } from './read.ts';
import { isDeclared } from './references.ts';
import { shown, type Where, wrong } from './report.ts';
import type { Variables } from './variables.ts';

export interface ConfigContext {
  readonly folder: string;
  readonly files: Files;
  readonly variables: Variables;
  readonly configs: ReadonlyMap<string, ConfigFields>;
}

/** `where` is the service's `configs`. */
export function resolveConfigMount(mount: ConfigMount, where: Where, context: ConfigContext): Mount | undefined {
  const config = context.configs.get(mount.source);
  if (config === undefined) {
    isDeclared('config', mount.source, mount.at, [...context.configs.keys()], where);
    return undefined;
  }
  const at: Where = { path: `configs.${shown(mount.source)}`, report: where.report };
  const content =
    config.file === undefined
      ? inline(mount, config, at, context)
      : fromFile(mount, config.file, { ...at, path: `${at.path}.file` }, context);
  return content && { type: 'content', target: mount.target, read_only: true, content };
}

type Content = Extract<Mount, { type: 'content' }>['content'];

function inline(mount: ConfigMount, config: ConfigFields, where: Where, context: ConfigContext): Content | undefined {
  const name = config.environment ?? '';
  const text = config.content ?? context.variables.get(name);
  if (text !== undefined) return inlineContent(`configs/${mount.source}`, text, mount.mode);
  const hint = 'set it in .env, or under env: in device.yaml';
  return wrong(where, config.at, 'required-variable', `the variable ${shown(name)} is not set`, hint);
}

function fromFile(
  mount: ConfigMount,
  file: Located<string>,
  where: Where,
  context: ConfigContext,
): Content | undefined {
  const path = repositoryPath(file.value, file.at, where, context.folder);
  const found = path === undefined ? undefined : context.files.find(path);
  if (path === undefined || found === undefined || found.kind === 'unknown') return undefined;
  if (found.kind !== 'file') {
    const what = found.kind === 'folder' ? 'is a folder' : 'is not in Git';
    return wrong(where, file.at, 'missing-file', `${shown(path)} ${what}`, 'name a file of the repository');
  }
  const content = contentOf(path, found, file.at, where);
  if (content?.kind !== 'file' || mount.mode === '100644') return content;
  return { ...content, mode: mount.mode, id: contentId(content.oid, mount.mode) };
}
