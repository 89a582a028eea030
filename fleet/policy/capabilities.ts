// Capabilities of Linux, without `CAP_`: all that there are, and those that every container has without asking.

/** Docker's default set. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

/** capabilities(7). */
export const CAPABILITIES: readonly string[] = [
  ...DEFAULT_CAPABILITIES,
  'AUDIT_CONTROL',
  'AUDIT_READ',
  'BLOCK_SUSPEND',
  'BPF',
  'CHECKPOINT_RESTORE',
  'DAC_READ_SEARCH',
  'IPC_LOCK',
  'IPC_OWNER',
  'LEASE',
  'LINUX_IMMUTABLE',
  'MAC_ADMIN',
  'MAC_OVERRIDE',
  'NET_ADMIN',
  'NET_BROADCAST',
  'PERFMON',
  'SYSLOG',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_MODULE',
  'SYS_NICE',
  'SYS_PACCT',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'WAKE_ALARM',
];

/** What these give is worth saying; the others are for root's ordinary work. */
export const CAPABILITY_GIVES: Readonly<Record<string, string>> = {
  ALL: 'with every capability a container is root on this host',
  SYS_ADMIN: 'it could mount and reconfigure nearly everything: close to root on this host',
  SYS_MODULE: 'it could load code into the kernel',
  SYS_PTRACE: 'it could read and change other processes that it sees',
  SYS_RAWIO: 'it could write to the memory and the disks of this host',
  SYS_BOOT: 'it could restart this host',
  SYS_TIME: 'it could set the clock of this host',
  DAC_READ_SEARCH: 'it could read every file of this host',
  NET_ADMIN: 'it could change network settings, routes and firewalls of its network',
  BPF: 'it could run programs in the kernel',
};
