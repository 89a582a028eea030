// A config that a service mounts, as content: a file of the repository, or text that the Compose file or a variable holds.

import type { Mount } from '../../model/mount.ts';
import type { Files } from '../files.ts';
import type { ConfigFields, ConfigMount } from '../keys/configs.ts';
import type { Located } from '../read.ts';
import { shown, type Where, wrong } from '../report.ts';
import { repositoryPath } from '../repository-path.ts';
import type { Variables } from '../variables/variables.ts';
import { contentId, contentOf, inlineContent } from './content.ts';
import { ownFile } from './data.ts';
import { hostFile } from './host-file.ts';
import { isDeclared } from './references.ts';
import type { SecretFiles } from './secret-files.ts';
import { inMemory } from './secret-mount.ts';

export interface ConfigContext {
  readonly app: string;
  readonly folder: string;
  readonly files: Files;
  readonly variables: Variables;
  readonly configs: ReadonlyMap<string, ConfigFields>;
  readonly secretFiles: SecretFiles;
}

/** `where` is the service's `configs`. */
export function resolveConfigMount(mount: ConfigMount, where: Where, context: ConfigContext): Mount | undefined {
  const config = context.configs.get(mount.source);
  if (config === undefined) {
    isDeclared('config', mount.source, mount.at, [...context.configs.keys()], where);
    return undefined;
  }
  const at: Where = { path: `configs.${shown(mount.source)}`, report: where.report };
  const base = { target: mount.target, read_only: true };
  if (config.file !== undefined) {
    const file = hostFile(config.file, mount.target, { ...at, path: `${at.path}.file` }, context);
    if (file !== 'in Git') return file;
  }
  const own = { target: mount.target, source: `_configs/${mount.source}` };
  if (config.external === true) {
    const hint = 'name a file with "file", or write the text with "content"';
    return ownFile(own, 'an external config needs a cluster', hint, config.at, at, context.app);
  }
  const variable = config.environment ?? '';
  const text = config.content ?? context.variables.get(variable);
  if (config.file === undefined && text === undefined) {
    if (context.variables.isUnknown?.(variable)) return undefined;
    const what = `the variable ${shown(variable)} is not set`;
    return ownFile(own, what, 'set it in .env, or under env: in device.yaml', config.at, at, context.app);
  }
  const content =
    config.file === undefined
      ? inlineContent(`configs/${mount.source}`, text ?? '', '100644')
      : fromFile(config.file, { ...at, path: `${at.path}.file` }, context);
  return content && { type: 'content', ...base, content: inMemory(withAccess(content, mount), context.secretFiles) };
}

type Content = Extract<Mount, { type: 'content' }>['content'];
type ConfigContent = Extract<Content, { kind: 'file' | 'inline' }>;

function fromFile(file: Located<string>, where: Where, context: ConfigContext): ConfigContent | undefined {
  const path = repositoryPath(file.value, file.at, where, context.folder);
  const found = path === undefined ? undefined : context.files.find(path);
  if (path === undefined || found === undefined || found.kind === 'unknown' || found.kind === 'absent')
    return undefined;
  if (found.kind === 'folder') {
    return wrong(where, file.at, 'missing-file', `${shown(path)} is a folder`, 'name a file of the repository');
  }
  const content = contentOf(path, found, file.at, where);
  return content?.kind === 'file' ? content : undefined;
}

/** What Git's own modes can say is said with them; anything else, and an owner, is access of its own. */
function withAccess(content: ConfigContent, { mode, uid, gid }: ConfigMount): ConfigContent {
  if (mode === undefined && uid === undefined && gid === undefined) return content;
  const bits = mode ?? 0o444;
  const executable = (bits & 0o111) !== 0;
  const { oid } = content.kind === 'file' ? content : { oid: content.id };
  const gitMode = executable ? '100755' : '100644';
  const id = contentId(oid, gitMode);
  const plain = { ...content, id, mode: gitMode } as const;
  if (uid === undefined && gid === undefined && GIT_MODES.has(bits)) return plain;
  const access = { uid: uid ?? 0, gid: gid ?? 0, mode: bits };
  return { ...plain, id: `${id}-${bits.toString(8).padStart(4, '0')}-${access.uid}-${access.gid}`, access };
}

const GIT_MODES = new Set([0o444, 0o644, 0o555, 0o755]);
