// command, entrypoint, healthcheck and hooks: what runs, and how to tell that it runs well.
import type { Healthcheck } from '../../model/service.ts';
import { describe, type Node } from '../node.ts';
import { type Pairs, readPairs } from '../pairs.ts';
import { type Located, listReader, locatedReader, missingKey, type Reader, readKeys } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { integerReader, readBoolean, readDuration, readOptionalText, readScalar, readText } from '../scalars.ts';
import { splitWords } from './shell-words.ts';

const readWords = listReader(readScalar);

const IN_A_SHELL = 'put it in quotes, or write [sh, -c, "…"] to run it in a shell';

/** A list as it is; a text is split into words, as Compose does. No shell is involved. */
export const readCommand: Reader<readonly string[]> = (node, where) => {
  if (node.kind === 'list') return readWords(node, where);
  if (node.kind !== 'scalar' || typeof node.value === 'boolean') {
    return wrong(where, node.at, 'type', `has to be text or a list, not ${describe(node)}`);
  }
  const split = splitWords(String(node.value));
  if (split.kind === 'invalid') return wrong(where, node.at, 'command', split.what, IN_A_SHELL);
  if (split.cut !== undefined) {
    const what = `"${split.cut}" has no meaning without a shell: the command ends before it, as in Compose`;
    doubtful(where, node.at, 'command', what, IN_A_SHELL);
  }
  return split.words;
};

interface HealthcheckFields {
  test: readonly string[];
  interval: number;
  timeout: number;
  start_period: number;
  start_interval: number;
  retries: number;
  disable: boolean;
}

export const readHealthcheck: Reader<Healthcheck> = (node, where) => {
  const fields = readKeys<HealthcheckFields>(node, where, {
    test: readTest,
    interval: readDuration,
    timeout: readDuration,
    start_period: readDuration,
    start_interval: readDuration,
    retries: integerReader(0, 1_000_000),
    disable: readBoolean,
  });
  if (fields === undefined) return undefined;
  const { disable, ...healthcheck } = fields;
  return disable === true ? { test: ['NONE'] } : healthcheck;
};

function readTest(node: Node, where: Where): readonly string[] | undefined {
  if (node.kind === 'scalar') {
    const text = readText(node, where);
    return text === undefined ? undefined : ['CMD-SHELL', text];
  }
  const words = readWords(node, where);
  const [form] = words ?? [];
  if (words === undefined || form === undefined) return undefined;
  if (form !== 'NONE' && form !== 'CMD' && form !== 'CMD-SHELL') {
    const what = `begins with "${shown(form)}", not with CMD, CMD-SHELL or NONE: the Engine never runs it`;
    const hint = 'write ["CMD", …] to run a program, or ["CMD-SHELL", "…"] to run a line in a shell';
    doubtful(where, node.at, 'healthcheck', what, hint);
  }
  return words;
}

/** A hook as written; variables without a value are settled with the service. */
export interface HookFields {
  readonly command: readonly string[];
  readonly user?: string;
  readonly privileged?: Located<boolean>;
  readonly working_dir?: string;
  readonly environment?: Pairs;
}

const readHook: Reader<HookFields> = (node, where) => {
  const fields = readKeys<Required<HookFields>>(node, where, {
    command: readCommand,
    user: readOptionalText,
    privileged: locatedReader(readBoolean),
    working_dir: readOptionalText,
    environment: readPairs,
  });
  if (fields === undefined) return undefined;
  const { command, ...rest } = fields;
  if (command !== undefined && command.length > 0) return { command, ...rest };
  if (command === undefined) return missingKey(node, where, 'command', 'add command: [program, argument]');
  return wrong(where, node.at, 'missing-key', 'command is missing', 'add command: [program, argument]');
};

export const readHooks: Reader<readonly HookFields[]> = listReader(readHook);
