// volumes, configs and secrets of a service as its file writes them, in its order.
import { readFileMode } from '../../compose/keys/mounted.ts';
import { type BindOptions, readVolumes } from '../../compose/keys/volumes.ts';
import { listNode, type Node } from '../../compose/node.ts';
import type { Service } from '../../model/service.ts';
import { renderVolume } from './mounts.ts';
import { compact, dataOf, flag, isRendered, type Rendered, size } from './plain.ts';
import { quietly } from './quietly.ts';

/** One entry per mount point: the last one, at the place of the first. */
export function renderVolumes(node: Node, service: Service, folder: string): Rendered[] {
  const items = node.kind === 'list' ? node.items : [];
  const all = new Map(
    items.flatMap((item) => {
      const rendered = renderItem(item, service, folder);
      return rendered === undefined ? [] : [[rendered.target, rendered] as const];
    }),
  );
  return [...all.values()];
}

function renderItem(item: Node, { mounts }: Service, folder: string): Rendered | undefined {
  const [spec] = quietly(readVolumes, listNode([item], item.at)) ?? [];
  if (spec === undefined) return undefined;
  const { type, target } = spec;
  const read_only = flag(spec.read_only);
  const isSaid = item.kind !== 'map' || item.entries.has(type);
  if (type === 'tmpfs') {
    return compact({
      type,
      target,
      read_only,
      tmpfs: isSaid ? compact({ size: size(spec.size), mode: spec.mode }) : undefined,
    });
  }
  if (type === 'volume') {
    const volume = isSaid ? compact({ nocopy: flag(spec.nocopy), subpath: spec.subpath }) : undefined;
    return compact({ type, source: spec.source ?? undefined, target, read_only, bind: bindOptionsOf(item), volume });
  }
  const [rendered] = mounts.filter((mount) => mount.target === target).flatMap((mount) => renderVolume(mount, folder));
  if (rendered === undefined) return undefined;
  const { [type]: implied, ...rest } = rendered;
  const source = spec.source.startsWith('/') ? spec.source : rendered.source;
  const options = type === 'bind' ? bindOf(spec) : implied;
  return isSaid ? { ...rendered, source, [type]: options } : { ...rest, source };
}

/** Those that the short form says of a volume, where they have no effect. */
function bindOptionsOf(item: Node): Rendered | undefined {
  const words = item.kind === 'scalar' ? (String(item.value).split(':')[2]?.split(',') ?? []) : [];
  const propagation = words.find((word) => /^r?(shared|slave|private)$/.test(word));
  const selinux = words.find((word) => word === 'z' || word === 'Z');
  return propagation === undefined && selinux === undefined ? undefined : compact({ propagation, selinux });
}

/** Also what is not applied to what the agent keeps itself. */
function bindOf({ create_host_path, propagation, selinux, recursive }: BindOptions): Rendered {
  return compact({ create_host_path, propagation, selinux, recursive });
}

/** Configs or secrets: `target` is where one goes that says nothing of it. */
export function renderMounted(node: Node, target?: string): Rendered[] {
  const items = node.kind === 'list' ? node.items : [];
  return items.map((item) => {
    const data = dataOf(item);
    const given = isRendered(data) ? data : { source: data };
    const mode = item.kind === 'map' ? item.entries.get('mode')?.value : undefined;
    return compact({
      source: given.source,
      target: given.target ?? (target === undefined ? undefined : `${target}${String(given.source)}`),
      uid: textOf(given.uid),
      gid: textOf(given.gid),
      mode: mode && octal(quietly(readFileMode, mode)),
    });
  });
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

function octal(mode: number | undefined): string | undefined {
  return mode === undefined ? undefined : `0${mode.toString(8)}`;
}
