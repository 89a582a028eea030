// What the demo tells the user once it runs: where to look, and three things to try, as commands to paste.
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Running {
  readonly hubUrl: string;
  readonly pageUrl: string;
  readonly fleetFolder: string;
  readonly agentConfig: string;
  readonly socket: string;
  readonly device: string;
  /** The default hub needs no --hub. */
  readonly defaultHub: boolean;
}

export function describeRunning(running: Running): string {
  const { hubUrl, pageUrl, fleetFolder, agentConfig, socket } = running;
  // The other terminal may be anywhere.
  const checkout = `cd ${quote(ROOT)} && `;
  const edit = "sed -i 's/came from Git/was changed by a commit/' apps/welcome/html/index.html";
  const hub = running.defaultHub ? '' : ` --hub ${hubUrl}`;
  return `
  Dashboard    ${hubUrl}
  The page     ${pageUrl}   served by a container of ${running.device}
  The fleet    ${checkout}npm run -s holdfast -- get devices${hub}

Three things to try, in another terminal:

  1. Change what Git declares, and watch the device follow:
       cd ${quote(fleetFolder)}
       ${edit}
       git commit -am 'Change the page'

  2. Break something by hand, and watch it be put back:
       docker -H unix://${quote(socket)} rm -f welcome-web-1

  3. Ask the device what it would do next, and why (nothing, while all is well):
       ${checkout}npm run -s agent -- plan --config ${quote(agentConfig)}

Ctrl-C ends everything and removes what it created.
`;
}

/** As a POSIX shell reads it. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
