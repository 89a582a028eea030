// security_opt: options as they are, but a seccomp profile that is named by its file in Git is put in its place, because
// the Engine takes the profile itself.
import type { Service } from '../../model/service.ts';
import { type Files, fileMeant } from '../files.ts';
import type { ServiceFields } from '../keys/service.ts';
import type { Located } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { repositoryPath } from '../repository-path.ts';

export interface SecurityContext {
  readonly folder: string;
  readonly files: Files;
}

export function resolveSecurityOptions(
  { security_opt }: Partial<ServiceFields>,
  where: Where,
  context: SecurityContext,
): Pick<Service, 'security_opt'> {
  if (security_opt === undefined) return {};
  const options = security_opt.flatMap((option) => resolveOption(option, where, context) ?? []);
  return { security_opt: [...new Set(options)].sort() };
}

function resolveOption(option: Located<string>, where: Where, context: SecurityContext): string | undefined {
  const profile = /^seccomp[=:](.+)$/s.exec(option.value)?.[1];
  if (profile === undefined || profile === 'unconfined' || profile === 'builtin' || profile.startsWith('{')) {
    return option.value;
  }
  const { at } = option;
  if (profile.startsWith('/')) {
    const what = `the profile ${shown(profile)} would have to be read on the host: the Engine's own is used`;
    doubtful(where, at, 'path', what, 'commit it beside the Compose file and name it with a relative path');
    return undefined;
  }
  const path = repositoryPath(profile, at, where, context.folder);
  const found = path === undefined ? undefined : context.files.find(path);
  if (found === undefined || found.kind === 'unknown') return undefined;
  if (found.kind !== 'file' || found.file.bytes === undefined) {
    const what = `${shown(profile)} is not a profile in Git: the Engine's own is used`;
    doubtful(where, at, 'missing-file', what, fileMeant(path ?? '', context.files) ?? 'commit it, or correct the path');
    return undefined;
  }
  const text = compact(found.file.bytes);
  if (text !== null) return `seccomp=${text}`;
  return wrong(where, at, 'value', `${shown(profile)} is not JSON`, 'name a seccomp profile');
}

/** JSON without its white space; null: it is none. */
function compact(bytes: Uint8Array): string | null {
  try {
    return JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}
