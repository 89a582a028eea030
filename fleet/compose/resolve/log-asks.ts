// What the options of a log driver ask of the host: the Engine reads the files and opens the sockets that they name, as root
// and in the host's own network.
import type { AskWhat } from '../../model/ask.ts';
import type { Logging } from '../keys/logging.ts';
import { plainPath } from './resources.ts';

const FILES = ['syslog-tls-ca-cert', 'syslog-tls-cert', 'syslog-tls-key', 'splunk-capath'];
const ADDRESSES = ['syslog-address', 'gelf-address', 'fluentd-address', 'splunk-url', 'awslogs-endpoint'];
/** Where the driver sends logs without being told. */
const USUAL = /^(tcp:\/\/)?(localhost|127\.0\.0\.1)(:24224)?\/?$/;

/** Each with its option. */
export function logAsks({ options = {} }: Logging): readonly (readonly [AskWhat, string])[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const what = asked(name, value);
    return what === null ? [] : [[what, name] as const];
  });
}

function asked(name: string, value: string): AskWhat | null {
  if (FILES.includes(name))
    return value.startsWith('/') ? { kind: 'bind', source: plainPath(value), read_only: true } : null;
  if (!ADDRESSES.includes(name) || (name === 'fluentd-address' && USUAL.test(value))) return null;
  const socket = /^unix(?:gram)?:\/\/(.*)$/i.exec(value)?.[1];
  if (socket !== undefined) return { kind: 'bind', source: plainPath(`/${socket}`), read_only: false };
  return isLoopback(value) ? { kind: 'log-address', address: value } : null;
}

/** Datagrams are answered by nobody, and what is not meant for logs drops them. */
function isLoopback(address: string): boolean {
  const [, scheme = '', host = ''] = /^(?:([\w+]+):\/\/)?(\[[^\]]*\]|[^:/]*)/.exec(address.toLowerCase()) ?? [];
  if (scheme === 'udp') return false;
  return host === '' || /^(localhost|0|0\.0\.0\.0|127(\.\d+)*|\[(::1?|::ffff:.*)\]|.*\.localhost)\.?$/.test(host);
}
