// The app that the services of the rows belong to, what they speak of, and a device that may run all of it.
import { dockerOk } from '../../../support/engine.ts';

export const SLEEP = { image: 'holdfast/busybox:1', command: ['sleep', '100000'], stop_signal: 'SIGKILL' };

/** The owner of this device allows whatever a row asks for. */
export function permissive(outsider: string): string {
  return `
limits: { steps: 3000, deletes: 300 }
policy:
  privileged: true
  host_network: true
  host_pid: true
  host_ipc: true
  host_uts: true
  host_userns: true
  host_cgroup: true
  capabilities: [ALL]
  devices: [/dev/null]
  device_rules: ["a *:* rwm"]
  binds: [/tmp, /etc]
  security_opts: ["*"]
  sysctls: ["*"]
  cgroup_parents: [/hf-keys]
  containers: [${outsider}]
`;
}

/** With what the services of the rows speak of. Two shops on one Engine are apps of two names; `number` keeps them apart, too: 10.<number>.0.0/16, fd00:<number>::/64. */
export function shopFile(services: object, number = 242, more: { readonly [part: string]: object } = {}): string {
  const base = { ...SLEEP, ipc: 'shareable', networks: ['front', 'default'], volumes: ['stuff:/base'] };
  return JSON.stringify({
    services: { init: SLEEP, base, ...services },
    networks: {
      front: {},
      back: { internal: true },
      fixed: { ipam: { config: [{ subnet: `10.${number}.0.0/16` }] } },
      six: { enable_ipv6: true, ipam: { config: [{ subnet: `FD00:0${number}::/64` }] } },
      ...more.networks,
    },
    volumes: { stuff: {}, other: { labels: { kept: 'yes' } }, ...more.volumes },
    configs: { site: { content: 'some' } },
    secrets: { key: { file: 'key.txt' } },
  });
}

/** A container that is not of Holdfast's making. */
export async function makeOutsider(name: string): Promise<void> {
  const body = { Image: 'holdfast/busybox:1', Cmd: ['sleep', '100000'], StopSignal: 'SIGKILL' };
  await dockerOk('POST', `/containers/create?name=${name}`, body);
  await dockerOk('POST', `/containers/${name}/start`);
}
