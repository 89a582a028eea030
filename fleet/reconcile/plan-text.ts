// A plan as people read it: what becomes of each service and why, the totals, then every step. The same text is printed by
// `plan`, written to the log and, without the steps, told in an event.
import { printable } from '../diagnostic.ts';
import type { Plan } from '../model/plan.ts';
import { shortRevision } from '../names.ts';
import type { Downtime } from './downtime.ts';
import type { Action, PlanSummary, ResourceSummary } from './summary.ts';
import { formatPlan } from './text.ts';
import { formatAbout, formatBytes, inUnits } from './units-shown.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'bold';

export interface Look {
  /** Columns of the terminal; null: nothing is broken into lines. */
  readonly columns: number | null;
  readonly paint: (tone: Tone, text: string) => string;
}

export const PLAIN: Look = { columns: null, paint: (_tone, text) => text };

const WORDS: Readonly<Record<Action, string>> = {
  create: 'create',
  recreate: 'recreate',
  restart: 'restart',
  'in-place': 'in place',
  remove: 'remove',
};

const TONES: Readonly<Record<Action, Tone>> = {
  create: 'good',
  recreate: 'warn',
  restart: 'warn',
  'in-place': 'good',
  remove: 'bad',
};

const DONE: Readonly<Record<Action, string>> = {
  create: 'created',
  recreate: 'recreated',
  restart: 'restarted',
  'in-place': 'changed in place',
  remove: 'removed',
};

/** Everything: head, what is left as it is found, services, totals, steps. */
export function planText(plan: Plan, summary: PlanSummary, look: Look = PLAIN): string {
  if (plan.differences.length + plan.steps.length + plan.blocked.length === 0)
    return `${line(shortRevision(plan.revision))}\nNothing to do.`;
  const steps = plan.steps.length === 0 && plan.blocked.length === 0 ? [] : stepLines(plan, look);
  return [
    ...boldLines(headOf(plan), look),
    ...leftLines(plan, look),
    ...summaryLines(summary, look),
    ...(summary.resources.length > 0 && steps.length > 0 ? [''] : []),
    ...steps,
  ].join('\n');
}

/** Services and totals, in at most so many characters: what is cut is counted. */
export function summaryText(summary: PlanSummary, maxCharacters: number): string {
  const lines = summary.resources.map(sentence);
  const totals = totalsOf(summary);
  for (let shown = lines.length; shown > 0; shown--) {
    const more = lines.length - shown;
    const text = [...lines.slice(0, shown), ...(more > 0 ? [`and ${more} more`] : []), totals].join('\n');
    if (text.length <= maxCharacters) return text;
  }
  return totals.slice(0, maxCharacters);
}

/** `3 changes: 1 recreated, 2 changed in place; 12.3 MB to pull; longest gap about 3 s` */
export function totalsOf({ resources, count, pull, longestGapMs }: PlanSummary): string {
  const parts = Object.entries(DONE).flatMap(([action, done]) => {
    const amount = count[action as Action];
    return amount === 0 ? [] : [`${amount} ${done}`];
  });
  const pulls = pullOf(pull);
  return [
    `${resources.length} ${resources.length === 1 ? 'change' : 'changes'}: ${parts.join(', ')}`,
    ...(pulls === '' ? [] : [pulls]),
    longestGapMs === 0 ? 'no gap' : `longest gap about ${formatAbout(longestGapMs)}`,
  ].join('; ');
}

/** `down about 2 s, healthy after about 5 s more` */
export function downtimeText(downtime: Downtime): string {
  switch (downtime.kind) {
    case 'none':
      return 'no downtime';
    case 'for-good':
      return 'ends';
    case 'about': {
      const healthy = downtime.healthyMs === null ? '' : `, healthy about ${formatAbout(downtime.healthyMs)} later`;
      return `down about ${formatAbout(downtime.ms)}${healthy}`;
    }
  }
}

function headOf({ revision, differences, steps }: Plan): string {
  const drifted = differences.filter(({ origin }) => origin === 'drift').length;
  const changed = differences.length - drifted;
  return line(
    `${shortRevision(revision)}: ${changed} changed in Git, ${drifted} drifted on the host, ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`,
  );
}

/** As many are told line by line. */
const SHOWN_LEFT = 20;
const WHY_LEFT = { warn: 'left as it is', held: 'held back: something sets it again' } as const;

/** Drift that is only reported. */
function leftLines({ differences }: Plan, look: Look): string[] {
  const left = differences.flatMap((one) => (one.left === undefined ? [] : [{ one, why: WHY_LEFT[one.left] }]));
  const lines = left.slice(0, SHOWN_LEFT).flatMap(({ one, why }) => {
    const said = line(`drift    ${one.resource}  ${inUnits(one)}  ${why}`);
    return broken(said, look).map((part) => look.paint('warn', part));
  });
  const more = left.length - SHOWN_LEFT;
  return more > 0 ? [...lines, look.paint('warn', `drift    ${more} more, left as found`)] : lines;
}

function summaryLines(summary: PlanSummary, look: Look): string[] {
  const { columns, paint } = look;
  const { resources } = summary;
  if (resources.length === 0) return [];
  const rows = resources.map((one) => ({
    name: line(one.name),
    action: one.action,
    why: line(whyOf(one)),
    effect: effectOf(one),
  }));
  const width = (pick: (row: (typeof rows)[number]) => string) => Math.max(...rows.map((row) => pick(row).length));
  const [names, actions, whys] = [
    width(({ name }) => name),
    width(({ action }) => WORDS[action]),
    width(({ why }) => why),
  ];
  const effects = width(({ effect }) => effect);
  const narrow = columns !== null && names + actions + whys + effects + 6 > columns;
  const lines = rows.flatMap(({ name, action, why, effect }) => {
    const head = `${name.padEnd(names)}  ${paint(TONES[action], WORDS[action])}${' '.repeat(actions - WORDS[action].length)}`;
    if (!narrow) return [`${head}  ${why.padEnd(whys)}  ${paint('dim', effect)}`.trimEnd()];
    const indented = (text: string) => wrap(`    ${text}`, columns, '    ');
    return [
      head.trimEnd(),
      ...indented(why),
      ...(effect === '' ? [] : indented(effect).map((part) => paint('dim', part))),
    ];
  });
  return [...lines, ...boldLines(totalsOf(summary), look)];
}

function boldLines(text: string, look: Look): string[] {
  return broken(text, look).map((part) => look.paint('bold', part));
}

function broken(text: string, { columns }: Look): string[] {
  return columns === null ? [text] : wrap(text, columns, '    ');
}

function stepLines(plan: Plan, { columns, paint }: Look): string[] {
  return formatPlan(plan)
    .split('\n')
    .flatMap((text) => {
      const safe = line(text);
      const parts = columns === null ? [safe] : wrap(safe, columns, '     ');
      return safe.startsWith('blocked ') ? parts.map((part) => paint('bad', part)) : parts;
    });
}

function sentence(one: ResourceSummary): string {
  return line(`${one.name}  ${WORDS[one.action]}  ${whyOf(one)}  ${effectOf(one)}`);
}

function whyOf({ causes, drift }: ResourceSummary): string {
  return `${causes.join('; ')}${drift ? ' (drift)' : ''}`;
}

function effectOf({ downtime, pull, action, resource }: ResourceSummary): string {
  const pulled = pullOf(pull);
  const service = resource.startsWith('service:');
  // What is new, or no service at all, cannot be missed.
  const gap = !service || action === 'create' ? [] : [downtimeText(downtime)];
  return [...gap, ...(pulled === '' ? [] : [pulled])].join(', ');
}

function pullOf({ images, bytes, unknown }: PlanSummary['pull']): string {
  if (images === 0) return '';
  if (unknown === 0) return bytes === 0 ? '' : `${formatBytes(bytes)} to pull`;
  const of = `${images} ${images === 1 ? 'image' : 'images'} to pull`;
  return bytes === 0 ? of : `${of}, more than ${formatBytes(bytes)}`;
}

/** One line that moves no cursor. */
function line(text: string): string {
  return printable(text.replaceAll('\n', ' '));
}

/** Breaks at spaces; what follows the first line is indented. */
function wrap(text: string, columns: number, indent = ''): string[] {
  const room = Math.max(columns, 20);
  const lines: string[] = [];
  let rest = text;
  while (rest.length > room) {
    const space = rest.lastIndexOf(' ', room);
    const at = space > indent.length ? space : room;
    lines.push(rest.slice(0, at).trimEnd());
    rest = indent + rest.slice(at).trimStart();
  }
  return [...lines, rest];
}
