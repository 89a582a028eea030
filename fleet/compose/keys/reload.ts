// x-holdfast-reload: what follows when files that Git declares change under a running container.

import type { Reader } from '../read.ts';
import { shown, wrong } from '../report.ts';
import { readOptionalText } from '../scalars.ts';

/** Our own word, of a service. */
export const RELOAD = 'x-holdfast-reload';

const SIGNALS = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'TERM', 'ALRM', 'CONT', 'WINCH', 'IO', 'PWR', 'URG'];
const REAL_TIME = /^RTM(IN(\+\d{1,2})?|AX(-\d{1,2})?)$/;

/** `SIGHUP` (also as `HUP`), `restart` or `none`. */
export const readReload: Reader<string> = (node, where) => {
  const text = readOptionalText(node, where);
  if (text === undefined || text === 'restart' || text === 'none') return text;
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (SIGNALS.includes(name) || REAL_TIME.test(name)) return `SIG${name}`;
  const hint = /^\d+$/.test(text) ? 'write its name, such as SIGHUP' : 'write SIGHUP, SIGUSR1, restart or none';
  return wrong(where, node.at, 'value', `"${shown(text)}" is no signal that a program reloads on`, hint);
};
