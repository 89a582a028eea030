// Asks made by hand, and a policy from the lines that an owner would write.
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import type { Ask, AskWhat } from '../../../fleet/model/ask.ts';
import type { Owner } from '../../../fleet/policy/denial.ts';
import { policyFaults } from '../../../fleet/policy/judge.ts';

export const SOCKET = '/var/run/docker.sock';

export function ownerOf(policy: object = {}, socket = SOCKET): Owner {
  const config = agentConfigSchema.parse({ device: 'edge-01', source: { url: 'x' }, policy });
  return { policy: config.policy, socket };
}

export function askOf(what: AskWhat, key = 'services.web.x'): Ask {
  const place = { file: 'devices/edge-01/compose.yaml', line: 5, column: 9 };
  return { ...what, app: 'kiosk', service: 'web', key, place };
}

/** What is refused, as `message | hint`. */
export function refusals(what: AskWhat, policy: object = {}): string[] {
  return policyFaults([askOf(what)], ownerOf(policy)).map(({ message, hint }) => `${message} | ${hint}`);
}

export function denied(what: AskWhat, policy: object = {}): boolean {
  return refusals(what, policy).length > 0;
}
