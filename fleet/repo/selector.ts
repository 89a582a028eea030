// Which devices a group of fleet.yaml is for: a map of labels (`{site: berlin, ring: [canary, beta]}`), or text as
// `kubectl -l` takes it (`site=berlin,ring in (canary,beta),!spare`). All of it has to hold.
import { describe, isNull, type Node } from '../compose/node.ts';
import type { Reader } from '../compose/read.ts';
import { below, itemOf, shown, type Where, wrong } from '../compose/report.ts';
import { scalarText } from '../compose/scalars.ts';

export type Selector = readonly Requirement[];

export interface Requirement {
  readonly label: string;
  /** A label that is not there has no value: it is never `in`, and always `not-in`. */
  readonly holds: 'in' | 'not-in' | 'there' | 'not-there';
  readonly values: readonly string[];
}

/** Most requirements of one selector, and values of one requirement. */
const MAX_TERMS = 256;
const TEXT_LENGTH = 4096;

export function selects(selector: Selector, labels: ReadonlyMap<string, string>): boolean {
  return selector.every((one) => isMet(one, labels.get(one.label)));
}

function isMet({ holds, values }: Requirement, value: string | undefined): boolean {
  switch (holds) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'not-in':
      return value === undefined || !values.includes(value);
    case 'there':
      return value !== undefined;
    case 'not-there':
      return value === undefined;
  }
}

/** `{}` selects every device. */
export const readSelector: Reader<Selector> = (node, where) => {
  if (node.kind === 'scalar' && typeof node.value === 'string') return fromText(node.value, node, where);
  if (node.kind !== 'map') {
    const hint = 'write {LABEL: VALUE}, {LABEL: [VALUE, VALUE]} or "LABEL=VALUE"';
    return wrong(where, node.at, 'type', `has to be a map of labels or text, not ${describe(node)}`, hint);
  }
  if (node.entries.size > MAX_TERMS) return wrong(where, node.at, 'too-large', `more than ${MAX_TERMS} labels`);
  const read = [...node.entries.values()].map(({ key, value }) => fromValue(key, value, below(where, key)));
  return read.every((one) => one !== undefined) ? read : undefined;
};

function fromValue(label: string, node: Node, where: Where): Requirement | undefined {
  const items = node.kind === 'list' ? node.items : [node];
  if (items.length === 0) return wrong(where, node.at, 'value', 'no value is named, so no device is meant');
  if (items.length > MAX_TERMS) return wrong(where, node.at, 'too-large', `more than ${MAX_TERMS} values`);
  const values = items.map((item, index) => {
    if (item.kind === 'scalar' && !isNull(item)) return scalarText(item);
    const at = node.kind === 'list' ? itemOf(where, index) : where;
    return wrong(at, item.at, 'type', `has to be the value of a label, not ${describe(item)}`);
  });
  return values.every((value) => value !== undefined) ? { label, holds: 'in', values } : undefined;
}

/** One requirement: `!label`, `label in (a,b)`, `label notin (a,b)`, `label=a`, `label!=a` or `label`. */
const TERM =
  /\s*(?:!\s*([\w./-]+)|([\w./-]+)\s+(in|notin)\s*\(([^()]*)\)|([\w./-]+)\s*(==|=|!=)\s*([\w.:/@-]*)|([\w./-]+))\s*(?:,|$)/y;

function fromText(text: string, node: Node, where: Where): Selector | undefined {
  const hint = 'write it as "site=berlin,ring in (canary,beta)"';
  const selector: Requirement[] = [];
  TERM.lastIndex = 0;
  for (let at = 0; at < text.length || selector.length === 0; at = TERM.lastIndex) {
    const found = text.length > TEXT_LENGTH || selector.length >= MAX_TERMS ? null : TERM.exec(text);
    if (found === null) return wrong(where, node.at, 'value', `"${shown(text)}" is not a selector`, hint);
    selector.push(requirement(found));
  }
  return selector;
}

function requirement([, absent, label, word, list = '', name = '', operator, value = '', present]: RegExpExecArray) {
  if (absent !== undefined) return { label: absent, holds: 'not-there', values: [] } as const;
  if (label !== undefined) {
    const values = list.split(',').map((one) => one.trim());
    return { label, holds: word === 'in' ? 'in' : 'not-in', values } as const;
  }
  if (operator !== undefined)
    return { label: name, holds: operator === '!=' ? 'not-in' : 'in', values: [value] } as const;
  return { label: present ?? '', holds: 'there', values: [] } as const;
}
