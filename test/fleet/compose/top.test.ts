import { describe, expect, it } from 'vitest';
import { HOME } from '../../../fleet/compose/variables/variables.ts';
import { appOf, resolveCompose, resolveFiles, saidOf, serviceOf, web } from '../repo/resolving.ts';
import { oidOf } from '../repo/tree.ts';

/** What is said of a file that Git does not have. */
const waits = (path: string): string =>
  `the service waits until the file is on the device, at volumes/edge-01/${path} of the agent's state folder`;

describe('networks', () => {
  it('makes the default network when a service names none', () => {
    expect(appOf(resolveCompose(web(''))).networks).toEqual([
      {
        key: 'default',
        name: 'edge-01_default',
        external: false,
        driver_opts: {},
        internal: false,
        attachable: false,
        labels: {},
        ipam: { config: [] },
      },
    ]);
  });

  it('reads what a network says, and makes only those that are used', () => {
    const file = web(
      'networks: [front, outside, old]',
      [
        'networks:',
        '  front: {name: shared, driver: bridge, driver_opts: {mtu: 1400}, internal: true, attachable: true, labels: [a=b],',
        '    ipam: {config: [{subnet: 172.28.0.0/16}]}}',
        '  outside: {external: true}',
        '  old: {external: true, name: legacy}',
        '  unused: {}',
      ].join('\n'),
    );
    const { networks } = appOf(resolveCompose(file));
    expect(networks.map(({ key, name, external }) => ({ key, name, external }))).toEqual([
      { key: 'front', name: 'shared', external: false },
      { key: 'old', name: 'legacy', external: true },
      { key: 'outside', name: 'outside', external: true },
    ]);
    expect(networks[0]).toMatchObject({
      driver: 'bridge',
      driver_opts: { mtu: '1400' },
      internal: true,
      attachable: true,
      labels: { a: 'b' },
      ipam: { config: [{ subnet: '172.28.0.0/16' }] },
    });
  });

  it('reads every key of a network', () => {
    const file = web(
      'networks: [a]',
      'networks: {a: {enable_ipv4: false, enable_ipv6: "true", internal: "false", driver_opts: {p: 1}, ipam: {driver: default, options: {o: 1}, ' +
        'config: [{subnet: "fd00::/64", ip_range: "fd00::/80", gateway: "fd00::1", aux_addresses: {h: "fd00::9"}}]}}}\n',
    );
    expect(saidOf(resolveCompose(file))).toEqual([]);
    expect(appOf(resolveCompose(file)).networks).toEqual([
      {
        key: 'a',
        name: 'edge-01_a',
        external: false,
        internal: false,
        attachable: false,
        enable_ipv4: false,
        enable_ipv6: true,
        driver_opts: { p: '1' },
        labels: {},
        ipam: {
          driver: 'default',
          options: { o: '1' },
          config: [{ subnet: 'fd00::/64', ip_range: 'fd00::/80', gateway: 'fd00::1', aux_addresses: { h: 'fd00::9' } }],
        },
      },
    ]);
  });

  it('lets a file describe the default network', () => {
    const { networks } = appOf(resolveCompose(web('', 'networks: {default: {internal: true}}\n')));
    expect(networks).toMatchObject([{ key: 'default', name: 'edge-01_default', internal: true }]);
  });
});

describe('volumes', () => {
  it('keeps every declared volume, used or not', () => {
    const file = web('', 'volumes: {data: , kept: {name: n, driver: local, labels: {a: b}}, out: {external: true}}\n');
    expect(appOf(resolveCompose(file)).volumes).toEqual([
      { key: 'data', name: 'edge-01_data', external: false, driver_opts: {}, labels: {} },
      { key: 'kept', name: 'n', external: false, driver: 'local', driver_opts: {}, labels: { a: 'b' } },
      { key: 'out', name: 'out', external: true, driver_opts: {}, labels: {} },
    ]);
  });
});

describe('configs', () => {
  const rest = 'configs: {nginx: {file: ./n.conf}, text: {content: "p=$PORT"}, env: {environment: PORT}}\n';

  it('mounts files, text and variables as content', () => {
    const lines = 'configs: [nginx, {source: text, target: /etc/t, mode: 0555}, {source: env, target: /e}]';
    const { mounts } = serviceOf(resolveCompose(web(lines, rest), { 'n.conf': 'conf', '.env': 'PORT=80' }));
    expect(mounts).toEqual([
      {
        type: 'content',
        target: '/nginx',
        read_only: true,
        content: {
          kind: 'file',
          id: oidOf('conf'),
          path: 'devices/edge-01/n.conf',
          oid: oidOf('conf'),
          mode: '100644',
        },
      },
      {
        type: 'content',
        target: '/etc/t',
        read_only: true,
        content: { kind: 'inline', id: `${oidOf('p=80')}-x`, path: 'configs/text', text: 'p=80', mode: '100755' },
      },
      {
        type: 'content',
        target: '/e',
        read_only: true,
        content: { kind: 'inline', id: oidOf('80'), path: 'configs/env', text: '80', mode: '100644' },
      },
    ]);
  });

  it('mounts a file of the host from where it is', () => {
    const { mounts } = serviceOf(resolveCompose(web('configs: [c]', 'configs: {c: {file: /etc/../etc/c}}\n')));
    expect(mounts).toEqual([
      { type: 'bind', target: '/c', read_only: true, source: '/etc/c', create_host_path: false },
    ]);
  });

  it('gives a file the mode and the owner that a service asks for', () => {
    const compose = web('configs: [{source: c, mode: 0550, gid: "7"}]', 'configs: {c: {file: ./c}}\n');
    expect(serviceOf(resolveCompose(compose, { c: 'x' })).mounts).toMatchObject([
      {
        content: {
          kind: 'file',
          id: `${oidOf('x')}-x-0550-0-7`,
          mode: '100755',
          access: { uid: 0, gid: 7, mode: 0o550 },
        },
      },
    ]);
  });

  it('an external one lies on the device, and is asked for only where a service wants it', () => {
    const rest = 'configs: {c: {external: true, name: other}}\n';
    expect(saidOf(resolveCompose(web('', rest)))).toEqual([]);
    const resolution = resolveCompose(web('configs: [c]', rest));
    expect(saidOf(resolution)).toEqual([
      `warning: configs.c: an external config needs a cluster: ${waits('_configs/c')} | name a file with "file", or write the text with "content"`,
    ]);
    expect(serviceOf(resolution).mounts).toEqual([
      { type: 'data', target: '/c', source: '_configs/c', read_only: true, file: true },
    ]);
  });

  it('says which file or variable is not there, and where the device may have it', () => {
    const said = saidOf(resolveCompose(web('configs: [nginx, env]', rest.replace('p=$PORT', 'p'))));
    expect(said).toEqual([
      `warning: configs.nginx.file: devices/edge-01/n.conf is not in Git: ${waits('n.conf')} | commit it, or put it there`,
      `warning: configs.env: the variable PORT is not set: ${waits('_configs/env')} | set it in .env, or under env: in device.yaml`,
    ]);
  });

  it.each([
    ['./n.conf', { type: 'data', source: 'n.conf', file: true }],
    ['../../n.conf', { type: 'data', source: '_repo/n.conf', file: true }],
    ['../../../../n.conf', { type: 'data', source: '_repo/_up/_up/n.conf', file: true }],
    ['/etc/n.conf', { type: 'bind', source: '/etc/n.conf', create_host_path: false }],
    ['~/n.conf', { type: 'bind', source: `${HOME}/n.conf`, create_host_path: false }],
  ])('a file at %s is the device’s own', (file, mount) => {
    const resolution = resolveCompose(web('configs: [{source: c, target: /x}]', `configs: {c: {file: "${file}"}}\n`));
    expect(serviceOf(resolution).mounts).toEqual([{ target: '/x', read_only: true, ...mount }]);
  });

  it('names the file that may be meant', () => {
    const compose = web('configs: [c]', 'configs: {c: {file: ./ngnix.conf}}\n');
    expect(saidOf(resolveCompose(compose, { 'nginx.conf': 'a' }))).toEqual([
      `warning: configs.c.file: devices/edge-01/ngnix.conf is not in Git: ${waits('ngnix.conf')} | did you mean "nginx.conf"?`,
    ]);
  });
});

describe('the top level', () => {
  it.each([
    ['sevices: {}', 'sevices: unknown key | did you mean "services"?'],
    ['secrets: {a: }', 'secrets.a: needs one of file, environment and external: true'],
    [
      'networks: {a: {ipam: {config: [{subnet: x}]}}}',
      'networks.a.ipam.config[0].subnet: "x" is not a subnet | write it like 172.28.0.0/16',
    ],
    ['networks: {"a b": }', 'networks.a b: is not a valid name | use letters, digits, ".", "_" and "-"'],
    [
      'networks: {a: {labels: {io.holdfast.app: x}}}',
      'warning: networks.a.labels.io.holdfast.app: is left out: labels that begin with "io.holdfast." are the agent\'s own | remove it',
    ],
    [
      'volumes: {a: {external: true, driver: x}}',
      'volumes.a: driver contradicts external | what is external is used as it is: remove one of them',
    ],
    ['volumes: {a: {name: "/x"}}', 'volumes.a.name: "/x" is not a name that the Engine takes'],
    ...['host', 'bridge', 'none', 'default'].flatMap((name) => [
      [
        `networks: {a: {name: ${name}}}`,
        `networks.a: "${name}" is the Engine's own network, and no app can have it | give the network another name`,
      ],
    ]),
    [
      'networks: {default: {external: true}}',
      'warning: networks.default: an Engine has no network that is named "default" | add name: the name it has',
    ],
    [
      'networks: {a: {external: true, driver: bridge}}',
      'warning: networks.a: driver contradicts external | what is external is used as it is: remove one of them',
    ],
    [
      'networks: {a: {driver: overlay}}',
      'warning: networks.a.driver: overlay needs a Swarm on the device | remove driver: services of one device share a bridge',
    ],
    ['volumes: [a]', 'volumes: has to be a map, not a list'],
    ['configs: {a: }', 'configs.a: needs one of file, content and environment'],
    ['configs: {a: {file: ./a, content: b}}', 'configs.a: needs one of file, content and environment'],
    [
      'networks: {a: {ipam: {config: [{gateway: x}]}}}',
      'networks.a.ipam.config[0].gateway: "x" is not an address | write it like 172.28.0.1',
    ],
    [
      'models: {m: {model: x}}',
      'warning: models: devices run no models beside containers | run the model in a service of its own',
    ],
    [
      'configs: {a: {content: x, labels: {b: c}}}',
      'warning: configs.a.labels: a config is a file here and has no labels | remove it',
    ],
    [
      'configs: {a: {content: x, template_driver: golang}}',
      'warning: configs.a.template_driver: only concerns a cluster, and a device is one Engine | remove it',
    ],
  ])('%s', (rest, said) => {
    expect(saidOf(resolveCompose(web('', `${rest}\n`)))).toEqual([said]);
  });

  it('takes version and x- keys quietly', () => {
    expect(saidOf(resolveCompose(web('', 'version: "3.8"\nx-a: &a {b: [1]}\nname: edge-01\n')))).toEqual([]);
  });

  it('warns of a name that does not count', () => {
    expect(saidOf(resolveCompose(web('', 'name: other\n')))).toEqual([
      'warning: name: the app is named "edge-01", and that name counts | remove it, or name the app "other" in device.yaml',
    ]);
  });

  it('warns of the older form of external', () => {
    const resolution = resolveCompose(web('', 'volumes: {a: {external: {name: b}}}\n'));
    expect(appOf(resolution).volumes).toMatchObject([{ key: 'a', name: 'b', external: true }]);
    expect(saidOf(resolution)).toHaveLength(1);
  });

  it.each(['', '# nothing', 'services: {}', 'services:'])('wants services in %j', (text) => {
    const said = saidOf(resolveCompose(text));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/(no services are declared|the file is empty) \| /);
  });

  it('wants a map', () => {
    expect(saidOf(resolveCompose('- a'))[0]).toContain('a Compose file has to be a map, not a list');
  });

  it('names a cycle of services', () => {
    const file =
      'services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, depends_on: [c]}\n  c: {image: i, depends_on: [a]}\n';
    expect(saidOf(resolveCompose(file))).toEqual([
      'services.a.depends_on: services wait for each other: a → b → c → a | remove one of these',
    ]);
  });
});

describe('what can be had only once', () => {
  const two = (a: string, b: string): string => `services:\n  a: {image: i, ${a}}\n  b: {image: i, ${b}}\n`;

  it.each([
    [
      'container_name: one',
      'container_name: one',
      'services.b.container_name: the container name "one" is already taken by edge-01/a (line 2) | choose another container_name',
    ],
    [
      'container_name: edge-01-b-1',
      'init: true',
      'services.b: the container name "edge-01-b-1" is already taken by edge-01/a (line 2) | choose another container_name',
    ],
    [
      'ports: ["80:1"]',
      'ports: ["80:2"]',
      'warning: services.b.ports: host port 80/tcp is already taken by edge-01/a (line 2) | publish another host port',
    ],
    [
      'ports: ["80:1"]',
      'ports: ["127.0.0.1:80:2"]',
      'warning: services.b.ports: host port 127.0.0.1:80/tcp is already taken by edge-01/a (line 2) | publish another host port',
    ],
    [
      'ports: ["0.0.0.0:80:1"]',
      'ports: ["10.0.0.1:80:2"]',
      'warning: services.b.ports: host port 10.0.0.1:80/tcp is already taken by edge-01/a (line 2) | publish another host port',
    ],
  ])('%s and %s', (a, b, said) => {
    expect(saidOf(resolveCompose(two(a, b)))).toEqual([said]);
  });

  it.each([
    ['ports: ["80:1"]', 'ports: ["80:2/udp"]'],
    ['ports: ["127.0.0.1:80:1"]', 'ports: ["127.0.0.2:80:2"]'],
    ['ports: ["0.0.0.0:80:1"]', 'ports: ["[::1]:80:2"]'],
    ['ports: ["80"]', 'ports: ["80"]'],
  ])('%s beside %s is fine', (a, b) => {
    expect(saidOf(resolveCompose(two(a, b)))).toEqual([]);
  });

  it('is checked over all apps of a device', () => {
    const app = (port: string): string =>
      `services: {web: {image: i, ports: ["${port}"]}}\nnetworks: {default: {name: n}}\n`;
    const resolution = resolveFiles({
      'device.yaml': 'apps: [{name: a, compose: a.yaml}, {name: b, compose: b.yaml}]',
      'a.yaml': app('80:80'),
      'b.yaml': app('80:81'),
    });
    expect(saidOf(resolution)).toEqual([
      'services.web.ports: host port 80/tcp is already taken by a/web (devices/edge-01/a.yaml:1) | publish another host port',
      'networks.default: the network name "n" is already taken by a (devices/edge-01/a.yaml:2) | give it another name, or declare one of them external',
    ]);
  });
});
