// Does the broker let this device in? Asks under a client id of its own, since a second connection under the agent's would end
// the agent's session; only where nothing else is let in, and no agent runs, under the agent's.
import { redactUrl } from '../host/network-error.ts';
import type { Finding } from './check.ts';

export type BrokerAnswer =
  | { readonly kind: 'connected'; readonly protocol: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface BrokerGiven {
  readonly url: string;
  /** The client id of the agent. */
  readonly clientId: string;
  /** Makes the id of the check another one each time. */
  readonly suffix: string;
  readonly connect: (clientId: string, signal: AbortSignal) => Promise<BrokerAnswer>;
  readonly agentRuns: () => Promise<boolean>;
}

const subject = 'broker';

/** Words of a broker that may mean the id as well as the credentials. Source: MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2. */
const ID_REFUSED = /identifier rejected|client identifier not valid|not authorized|bad user ?name or password/i;

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/client identifier not valid|identifier rejected/i, 'Allow the client id of this device at the broker.'],
  [
    /not authorized|bad user ?name or password|banned/i,
    'Check mqtt.username, mqtt.password_file or mqtt.cert_file, and what the broker knows of this device.',
  ],
  [/^mqtt\.\w+: /, 'Correct that file, or the key in the agent configuration.'],
  [/ECONNREFUSED/, 'Start the broker or the hub, or correct host and port in mqtt.url.'],
  [/ENOTFOUND|EAI_AGAIN/, 'Correct the host in mqtt.url, or see to the name server.'],
  [
    /CERT|SELF_SIGNED|ISSUER|EPROTO|TLS/,
    'See to the certificate, or name its CA in mqtt.ca_file (and write mqtts://).',
  ],
  [
    /hung up/,
    'Look whether mqtt.url has the right scheme (mqtt:// or mqtts://) and port, and at the log of the broker.',
  ],
  [/protocol|URL/i, 'Write mqtt.url as mqtt://host:1883 or mqtts://host:8883.'],
];
const OTHERWISE = 'Check mqtt.url, and the firewall between here and the broker.';

/** null: no broker is configured. */
export async function checkBroker(given: BrokerGiven | null, signal: AbortSignal): Promise<Finding> {
  if (given === null) return ok('no broker is configured: this agent reports to nobody');
  const { url, clientId, suffix, connect, agentRuns } = given;
  const broker = redactUrl(url);
  const first = await connect(`${clientId}:check-${suffix}`, signal);
  if (first.kind === 'connected') return ok(`${broker} lets this device in, ${first.protocol}`);
  if (!ID_REFUSED.test(first.message)) return failed(broker, first.message);
  if (await agentRuns()) {
    const message = `${broker} refuses a check (${first.message}). It may know the client id of the running agent alone, which a check must not disturb`;
    const remedy = `See in the log of the agent whether it is connected; if not: ${remedyOf(first.message)}`;
    return { subject, verdict: 'warning', message, remedy };
  }
  const second = await connect(clientId, signal);
  if (second.kind === 'connected')
    return ok(`${broker} lets this device in, ${second.protocol}, under its own id alone`);
  return failed(broker, second.message);
}

function ok(message: string): Finding {
  return { subject, verdict: 'ok', message, remedy: null };
}

function failed(broker: string, why: string): Finding {
  return { subject, verdict: 'failed', message: `${broker} cannot be used: ${why}`, remedy: remedyOf(why) };
}

function remedyOf(why: string): string {
  return REMEDIES.find(([pattern]) => pattern.test(why))?.[1] ?? OTHERWISE;
}
