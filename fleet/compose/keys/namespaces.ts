// Which namespaces a service shares: network_mode, ipc, pid, uts, userns_mode, cgroup. Names are checked later.
import { didYouMean } from '../nearest.ts';
import type { Node } from '../node.ts';
import type { Located, Reader } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { readOptionalText } from '../scalars.ts';

const SERVICE_OR_CONTAINER = /^(service|container):.+$/;

/** One of the words, or `service:` or `container:` with a name where that has a meaning. */
function modeReader(words: readonly string[], others: boolean): Reader<Located<string>> {
  return (node, where) => {
    const text = readOptionalText(node, where);
    if (text === undefined) return undefined;
    if (words.includes(text) || (others && SERVICE_OR_CONTAINER.test(text))) return { value: text, at: node.at };
    const all = [...words, ...(others ? ['service:NAME', 'container:NAME'] : [])];
    return wrong(where, node.at, 'value', `has to be ${all.join(', ')}`, didYouMean(text, all));
  };
}

export const readIpc = modeReader(['private', 'host', 'shareable', 'none'], true);
export const readPid = modeReader(['host'], true);
export const readUts = modeReader(['host'], false);
export const readUserns = modeReader(['host'], false);

const MODES = ['host', 'none', 'bridge'];

export const readNetworkMode: Reader<Located<string>> = (node: Node, where: Where) => {
  const text = readOptionalText(node, where);
  if (text === undefined) return undefined;
  if (MODES.includes(text) || SERVICE_OR_CONTAINER.test(text)) return { value: text, at: node.at };
  if (text === 'default') return { value: 'bridge', at: node.at };
  if (/^(service|container):$/.test(text)) {
    return wrong(where, node.at, 'value', `"${shown(text)}" names nothing`, `write ${shown(text)}NAME`);
  }
  const what = `"${shown(text)}" is taken for the name of a network of this host`;
  const hint = didYouMean(text, MODES) ?? 'declare it under "networks" at the top level with external: true';
  doubtful(where, node.at, 'network-mode', what, hint);
  return { value: text, at: node.at };
};
