// The `policy` of agent.yaml: what a commit may ask of this host. Everything is denied until it is named here; every value
// is checked, since a misspelt permission would look like one that was given.
import { z } from 'zod';
import { nearest } from '../compose/nearest.ts';
import { CAPABILITIES } from '../policy/capabilities.ts';
import { normalPath } from '../policy/paths.ts';
import { path } from './words.ts';

/** Entries of one list. */
const MAX_ENTRIES = 256;

const list = <T extends z.ZodType>(entry: T) => z.array(entry).max(MAX_ENTRIES).default([]);
const words = (pattern: RegExp, message: string) => list(z.string().max(4096).regex(pattern, message));
const granted = z.boolean().default(false);

/** `NET_ADMIN`; `CAP_NET_ADMIN` and small letters are taken for the same. */
const capability = z
  .string()
  .meta({ examples: CAPABILITIES })
  .transform((given, context) => {
    const name = given.toUpperCase().replace(/^CAP_/, '');
    if (name === 'ALL' || CAPABILITIES.includes(name)) return name;
    const near = nearest(name, CAPABILITIES);
    const hint = near === null ? 'write one like NET_ADMIN' : `did you mean ${near}?`;
    context.addIssue({ code: 'custom', message: `"${given}" is no capability of Linux; ${hint}` });
    return name;
  });

/** `/srv/data` or `/srv/data:ro`: the folder with everything below it. */
const bind = path.meta({ pattern: '^/', examples: ['/srv/data', '/etc/ssl/certs:ro'] }).transform((given, context) => {
  const readOnly = given.endsWith(':ro');
  const folder = readOnly ? given.slice(0, -3) : given;
  if (!folder.startsWith('/')) {
    const message = `"${given}" is not an absolute path; write one like /srv/data, or /srv/data:ro for reading only`;
    context.addIssue({ code: 'custom', message });
  } else if (folder.endsWith(':rw')) {
    context.addIssue({ code: 'custom', message: `write ${folder.slice(0, -3)} alone: it allows writing` });
  }
  return { folder: normalPath(folder), readOnly };
});

const device = z
  .string()
  .max(4096)
  .regex(
    /^(\/dev(\/(?!\.{1,2}(\/|$))[^/\0]+)*|[A-Za-z0-9][\w.-]*\/[A-Za-z][\w-]*=[\w.:*-]+)$/,
    'write a device below /dev (/dev/ttyUSB0, /dev/ttyUSB*) or a CDI name (vendor.com/class=name)',
  );

const registry = z
  .string()
  .max(512)
  .regex(
    /^[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
    'write a registry like ghcr.io, or a part of one like registry.example.com/team; no https://, no slash at the end',
  );

const images = z.strictObject({
  /** Absent: images may come from anywhere. */
  registries: z.array(registry).min(1, 'name at least one, or leave registries out').max(MAX_ENTRIES).optional(),
  /** An image has to be named with its digest: what runs cannot change without a commit. */
  require_digest: granted,
  /** PEM files. With one, every image has to be signed (cosign) by one of these keys. */
  cosign_keys: z.array(path).max(16).default([]),
  /** Docker's config.json with logins for registries (`auths`). */
  docker_config: path.optional(),
});

export const policySchema = z.strictObject({
  privileged: granted,
  host_network: granted,
  host_pid: granted,
  host_ipc: granted,
  host_uts: granted,
  host_userns: granted,
  host_cgroup: granted,
  docker_socket: granted,
  capabilities: list(capability),
  devices: list(device),
  /** `c 188:* rwm` */
  device_rules: words(/^[abc] (\d+|\*):(\d+|\*) [rwm]{1,3}$/, 'write it like "c 188:* rwm"'),
  /** What drivers hand out: `gpus` and `deploy.resources.reservations.devices`. */
  gpus: granted,
  binds: list(bind),
  /** Mounts inside others that a container can write to. */
  nested_mounts: granted,
  security_opts: words(/^\S+$/, 'write it like seccomp=unconfined'),
  sysctls: words(/^[\w*-]+([./][\w*-]+)*$/, 'write a name like net.core.somaxconn, or several like net.ipv4.*'),
  cgroup_parents: words(/^\S+$/, 'write it like kiosk.slice'),
  runtimes: words(/^\S+$/, 'write it like nvidia'),
  /** Plug-ins for volumes, networks and logs. */
  drivers: words(/^\S+$/, 'write it like loki or vieux/sshfs'),
  /** Beside those that no runtime takes for an order. */
  annotations: words(/^\S+$/, 'write it like org.systemd.property.CollectMode'),
  /** Interfaces of the host that a network may be put on. */
  interfaces: words(/^[^\s/]{1,15}$/, 'write the name of an interface, like eth0'),
  /** Of networks, besides private addresses. */
  subnets: words(/^[0-9a-fA-F:.]+\/\d{1,3}$/, 'write it like 203.0.113.0/24'),
  /** Containers of others whose namespaces and volumes a service may share. */
  containers: words(/^[a-zA-Z0-9][\w.*-]*$/, 'write the name of a container'),
  images: images.prefault({}),
});

export type Policy = z.infer<typeof policySchema>;
