// The first thing that a new user sees: no device yet, and exactly what to do about it.
import { Command } from '../../parts/command.tsx';
import { Logo } from '../../parts/logo.tsx';
import { agentConfig } from './first-steps.ts';

export function EmptyFleet() {
  return (
    <section class="empty first-steps">
      <Logo />
      <h1>No device has reported yet</h1>
      <p>
        This hub is running and listening. A device appears here by itself, seconds after its agent starts. On a host
        with Docker:
      </p>
      <ol>
        <li>
          <p>
            Say where the fleet repository and this hub are, in <code>/etc/holdfast/agent.yaml</code>:
          </p>
          <Command text={agentConfig(location.hostname)} />
        </li>
        <li>
          <p>Start the agent:</p>
          <Command text="holdfast-agent run --config /etc/holdfast/agent.yaml" />
        </li>
      </ol>
      <p>
        Where this hub asks devices for credentials, <code>holdfast enroll DEVICE</code> prints all of that for one
        host.
      </p>
      <p class="faint">
        Nothing shows up? <code>holdfast-agent check --config /etc/holdfast/agent.yaml</code> says what is in the way.
      </p>
    </section>
  );
}
