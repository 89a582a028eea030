// One rule for each kind of thing that a commit can ask of a host: null where this device allows it. Complete by
// construction; decides by what it is given alone.
import { BUILT_IN } from '../engine/built-in.ts';
import type { Ask } from '../model/ask.ts';
import { judgeBind } from './binds.ts';
import { CAPABILITY_GIVES, DEFAULT_CAPABILITIES } from './capabilities.ts';
import type { AskOf, Denial, Owner } from './denial.ts';
import { fits, fitsPath } from './glob.ts';
import { judgeImage } from './images.ts';
import { judgeNamespace } from './namespaces.ts';
import { normalPath } from './paths.ts';
import { isPrivateSubnet } from './subnets.ts';

type Rules = { readonly [K in Ask['kind']]: (ask: AskOf<K>, owner: Owner) => Denial | null };

export function judge(ask: Ask, owner: Owner): Denial | null {
  const rule = RULES[ask.kind] as (ask: Ask, owner: Owner) => Denial | null;
  return rule(ask, owner);
}

/** Of what was stored: is it an ask that has a rule? Its outline only; this program wrote it. */
export function isAsk(value: unknown): value is Ask {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, app, key, place } = value as Partial<Record<string, unknown>>;
  if (typeof kind !== 'string' || !Object.hasOwn(RULES, kind)) return false;
  return typeof app === 'string' && typeof key === 'string' && typeof place === 'object' && place !== null;
}

const RULES: Rules = {
  privileged: (_, { policy }) =>
    policy.privileged
      ? null
      : {
          asks: 'wants to be privileged',
          gives: 'a privileged container is root on this host',
          allow: { key: 'privileged', value: true },
        },
  namespace: judgeNamespace,
  capability({ capability }, { policy }) {
    const name = capability.toUpperCase().replace(/^CAP_/, '');
    const { capabilities } = policy;
    if (DEFAULT_CAPABILITIES.includes(name) || capabilities.includes('ALL') || capabilities.includes(name)) return null;
    return {
      asks: `wants the capability ${name}`,
      gives: CAPABILITY_GIVES[name] ?? 'it could do what only root may',
      allow: { key: 'capabilities', entry: name },
    };
  },
  device({ path }, { policy }) {
    const isCdi = !path.startsWith('/');
    const name = isCdi ? path : normalPath(path);
    const allowed = policy.devices.some((entry) => (isCdi ? fits(entry, name) : fitsPath(entry, name)));
    if (allowed) return null;
    return {
      asks: `wants the device ${name}`,
      gives: 'it could use that hardware, and read what is on it',
      allow: { key: 'devices', entry: name },
    };
  },
  'device-request': ({ driver }, { policy }) =>
    policy.gpus
      ? null
      : {
          asks: `wants devices that a driver hands out (${driver === '' ? 'GPUs' : driver})`,
          gives: 'it could use every device of that driver',
          allow: { key: 'gpus', value: true },
        },
  'device-rule': ({ rule }, { policy }) =>
    policy.device_rules.some((allowed) => covers(allowed, rule))
      ? null
      : {
          asks: `wants the device rule "${rule}"`,
          gives: 'it could make and use those devices itself',
          allow: { key: 'device_rules', entry: rule },
        },
  bind: judgeBind,
  data: () => null,
  nested: ({ source, outer }, { policy }) =>
    policy.nested_mounts
      ? null
      : {
          asks: `mounts ${source}, which lies in ${outer}, where a container can write`,
          gives: `it could put a link in place of ${source}, and the Engine follows that to anything on this host; mount ${outer} alone, or a folder beside it`,
          allow: { key: 'nested_mounts', value: true },
        },
  'security-opt'({ option }, { policy }) {
    const name = sameForm(option);
    if (HARMLESS.test(name) || policy.security_opts.some((entry) => fits(sameForm(entry), name))) return null;
    return {
      asks: `sets ${shortened(option)}`,
      gives: 'it would run with less between it and this host than containers have',
      allow: { key: 'security_opts', entry: shortened(option) },
    };
  },
  sysctl({ name }, { policy }) {
    const dotted = name.replaceAll('/', '.');
    if (policy.sysctls.some((entry) => fits(entry.replaceAll('/', '.'), dotted))) return null;
    return {
      asks: `sets the kernel parameter ${dotted}`,
      gives: 'it would change how the kernel treats its network and memory',
      allow: { key: 'sysctls', entry: dotted },
    };
  },
  'cgroup-parent': ({ value }, { policy }) =>
    policy.cgroup_parents.includes(value)
      ? null
      : {
          asks: `wants to run in the control group ${value}`,
          gives: "it would run under another group's limits",
          allow: { key: 'cgroup_parents', entry: value },
        },
  runtime: ({ name }, { policy }) =>
    BUILT_IN.runtime.includes(name) || policy.runtimes.includes(name)
      ? null
      : {
          asks: `wants the runtime ${name}`,
          gives: 'that program decides what the container may do on this host',
          allow: { key: 'runtimes', entry: name },
        },
  driver: ({ of, name }, { policy }) =>
    BUILT_IN[of].includes(name) || policy.drivers.includes(name)
      ? null
      : {
          asks: `wants the ${of} driver ${name}`,
          gives: 'a plug-in runs as root on this host',
          allow: { key: 'drivers', entry: name },
        },
  annotation: ({ name }, { policy }) =>
    !ORDERS.some((prefix) => name.startsWith(prefix)) || policy.annotations.some((entry) => fits(entry, name))
      ? null
      : {
          asks: `tells the runtime ${name}`,
          gives: 'runtimes take that for an order: to start units of systemd, or to hand out devices and files',
          allow: { key: 'annotations', entry: name },
        },
  interface: ({ name }, { policy }) =>
    policy.interfaces.some((entry) => fits(entry, name))
      ? null
      : {
          asks: `puts a network on the interface ${name} of the host`,
          gives: 'it could act as if it were this host on the network behind that interface',
          allow: { key: 'interfaces', entry: name },
        },
  subnet: ({ subnet }, { policy }) =>
    isPrivateSubnet(subnet) || policy.subnets.includes(subnet)
      ? null
      : {
          asks: `takes the addresses ${subnet}`,
          gives: 'what this host sends to them would go to containers; private addresses need no permission',
          allow: { key: 'subnets', entry: subnet },
        },
  'log-address': ({ address }, { policy }) =>
    policy.host_network
      ? null
      : {
          asks: `sends its logs to ${address} from the network of the host`,
          gives: 'it could write to what serves only this host',
          allow: { key: 'host_network', value: true },
        },
  link: ({ container }, { policy }) =>
    policy.containers.some((entry) => fits(entry, container))
      ? null
      : {
          asks: `links to the container ${container} on the default bridge`,
          gives: 'it could read the environment of another app, and the passwords in it',
          allow: { key: 'containers', entry: container },
        },
  image: ({ reference }, { policy }) => judgeImage(reference, policy.images),
  'volumes-from': ({ container }, { policy }) =>
    policy.containers.some((entry) => fits(entry, container))
      ? null
      : {
          asks: `mounts the volumes of the container ${container}`,
          gives: 'it could read and change the data of another app',
          allow: { key: 'containers', entry: container },
        },
};

/** Of runc (units of systemd, criu), crun, Kata, Podman, CDI and NVIDIA. */
const ORDERS = [
  'org.systemd.property.',
  'org.criu.',
  'run.oci.',
  'io.katacontainers.',
  'io.podman.',
  'io.containers.',
  'io.containerd.',
  'cdi.k8s.io/',
  'nvidia.cdi.k8s.io/',
];

/** Takes nothing away from what stands between a container and the host. */
const HARMLESS = /^(no-new-privileges(=(true|false))?|seccomp=builtin|apparmor=docker-default)$/;

/** `name:value` is the older form of `name=value`. */
function sameForm(option: string): string {
  const [, name = option, value] = /^([\w-]+)[:=]([\s\S]*)$/.exec(option.trim()) ?? [];
  return value === undefined ? name : `${name}=${value}`;
}

/** A profile may stand in the option as a whole. */
function shortened(option: string): string {
  return option.length <= 80 ? option : `${sameForm(option).split('=')[0]}=*`;
}

/** Does an allowed device rule (`c 188:* rwm`) give everything that is asked? */
function covers(allowed: string, asked: string): boolean {
  const [one, other] = [allowed, asked].map((rule) => /^([abc])\s+([^:\s]+):(\S+)\s+([rwm]+)$/.exec(rule.trim()));
  if (one === null || one === undefined || other === null || other === undefined) return false;
  const [, type, major, minor, access = ''] = one;
  const [, askedType, askedMajor, askedMinor, askedAccess = ''] = other;
  if (type !== 'a' && type !== askedType) return false;
  if ((major !== '*' && major !== askedMajor) || (minor !== '*' && minor !== askedMinor)) return false;
  return [...askedAccess].every((letter) => access.includes(letter));
}
