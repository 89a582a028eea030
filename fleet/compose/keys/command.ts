// command, entrypoint and healthcheck: what runs, and how to tell that it runs well.
import type { Healthcheck } from '../../model/desired.ts';
import { describe, type Node } from '../node.ts';
import {
  integerReader,
  listReader,
  type Reader,
  readBoolean,
  readDuration,
  readKeys,
  readText,
  readTextOrNumber,
} from '../read.ts';
import { type Where, wrong } from '../report.ts';
import { splitWords } from '../shell-words.ts';

const readWords = listReader(readTextOrNumber);

/** A list as it is; a text is split into words, as Compose does. No shell is involved. */
export const readCommand: Reader<readonly string[]> = (node, where) => {
  if (node.kind === 'list') return readWords(node, where);
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    return wrong(where, node.at, 'type', `has to be text or a list, not ${describe(node)}`);
  }
  const split = splitWords(node.value);
  if (split.kind === 'words') return split.words;
  return wrong(where, node.at, 'command', split.what, 'put it in quotes, or write [sh, -c, "…"] to run it in a shell');
};

interface HealthcheckFields {
  test: readonly string[];
  interval: number;
  timeout: number;
  start_period: number;
  retries: number;
  disable: boolean;
}

const NO_START_INTERVAL = 'use start_period with interval';

export const readHealthcheck: Reader<Healthcheck> = (node, where) => {
  const fields = readKeys<HealthcheckFields>(
    node,
    where,
    {
      test: readTest,
      interval: readDuration,
      timeout: readDuration,
      start_period: readDuration,
      retries: integerReader(0, 1000),
      disable: readBoolean,
    },
    { start_interval: NO_START_INTERVAL },
  );
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
  if (form === 'NONE' || form === 'CMD' || form === 'CMD-SHELL') return words;
  const hint = 'write ["CMD", …] to run a program, or ["CMD-SHELL", "…"] to run a line in a shell';
  return wrong(where, node.at, 'value', 'has to begin with CMD, CMD-SHELL or NONE', hint);
}
