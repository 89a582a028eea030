// The dashboard's first line of code: makes the session and mounts the shell.
import { render } from 'preact';
import { createSession } from './data/session.ts';
import { SessionContext } from './data/use-session.ts';
import { Shell } from './shell/shell.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/tables.css';
import './style/fleet.css';
import './style/first-steps.css';
import './style/device.css';
import './style/sign-in.css';
import './style/narrow.css';

const root = document.getElementById('app');
if (root !== null) {
  render(
    <SessionContext.Provider value={createSession()}>
      <Shell />
    </SessionContext.Provider>,
    root,
  );
}
