// What comes with the Engine: drivers and runtimes that nobody had to install.

export const BUILT_IN: Readonly<Record<'runtime' | 'volume' | 'network' | 'logging', readonly string[]>> = {
  runtime: ['runc', 'io.containerd.runc.v2'],
  volume: ['local'],
  network: ['bridge', 'host', 'none', 'null', 'overlay', 'macvlan', 'ipvlan', 'default'],
  logging: [
    'none',
    'local',
    'json-file',
    'syslog',
    'journald',
    'gelf',
    'fluentd',
    'awslogs',
    'splunk',
    'gcplogs',
    'etwlogs',
  ],
};
