import { describe, expect, it } from 'vitest';
import { appOf, resolveCompose, saidOf, web } from '../../repo/resolving.ts';

describe('a service of several containers', () => {
  it.each(['scale: 3', 'scale: "3"', 'deploy: {replicas: 3}', 'scale: 3\ndeploy: {replicas: 3}'])('%s', (lines) => {
    const { services } = appOf(resolveCompose(web(`${lines}\nports: ["8000-8002:80", "90"]`)));
    expect(services.map(({ name, number, container_name, ports }) => [name, number, container_name, ports])).toEqual(
      [1, 2, 3].map((number) => [
        'web',
        number,
        `edge-01-web-${number}`,
        [
          { target: 80, protocol: 'tcp', published: 7999 + number },
          { target: 90, protocol: 'tcp' },
        ],
      ]),
    );
  });

  it('may be none, and nobody waits for it', () => {
    const { services } = appOf(
      resolveCompose('services: {web: {image: i, depends_on: [db]}, db: {image: i, scale: 0, ports: ["80:80"]}}'),
    );
    expect(services.map(({ name, depends_on }) => [name, depends_on])).toEqual([['web', {}]]);
  });

  it('is one where the mode is global', () => {
    expect(appOf(resolveCompose(web('deploy: {mode: global, replicas: 3}'))).services).toHaveLength(1);
  });

  it.each([
    ['scale: 2\ndeploy: {replicas: 3}', 'scale: differs from deploy.replicas | keep one of them'],
    [
      'scale: 2\ncontainer_name: one',
      'container_name: 2 containers cannot have one name | remove container_name, or run one',
    ],
    ['scale: 101', 'scale: has to be a whole number from 0 to 100'],
    ['deploy: {replicas: -1}', 'deploy.replicas: has to be a whole number from 0 to 100'],
  ])('%s is refused', (lines, said) => {
    expect(saidOf(resolveCompose(web(lines)))).toEqual([`services.web.${said}`]);
  });

  it('publishes a host port once, and warns of the others', () => {
    const resolution = resolveCompose(web('scale: 3\nports: ["80-81:8080", "90:9090"]'));
    const hint = 'publish a range, one host port for each';
    expect(saidOf(resolution)).toEqual([
      `warning: services.web.ports: the first 2 of 3 containers can have host port 80 | ${hint}: "80-82:8080"`,
      `warning: services.web.ports: the first container alone can have host port 90 | ${hint}: "90-92:9090"`,
    ]);
    expect(appOf(resolution).services.map(({ ports }) => ports.map(({ published }) => published))).toEqual([
      [80, 90],
      [81],
      [],
    ]);
  });

  it('claims the host port of each', () => {
    const file = web('scale: 2\nports: ["8000-8001:80"]').replace(/\n$/, '\n  b: {image: i, ports: ["8001:80"]}\n');
    expect(saidOf(resolveCompose(file))).toEqual([
      'warning: services.web.ports: host port 8001/tcp is already taken by edge-01/b (line 6) | publish another host port',
    ]);
  });

  it('is bounded with all others', () => {
    const services = Array.from({ length: 6 }, (_, index) => `  s${index}: {image: i, scale: 100}`).join('\n');
    expect(saidOf(resolveCompose(`services:\n${services}\n`))).toEqual(['more than 512 containers in one app']);
  });

  it('publishes a whole range of a media server', () => {
    const { services } = appOf(resolveCompose(web('ports: ["49152-65535:49152-65535/udp"]')));
    expect(services[0]?.ports).toHaveLength(16_384);
  });

  it('does not write out more ports than a device can have', () => {
    const services = Array.from({ length: 300 }, (_, index) => `  s${index}: {image: i, ports: ["1-65535"]}`).join(
      '\n',
    );
    expect(saidOf(resolveCompose(`services:\n${services}\n`))).toEqual([
      'services.s101.ports: the services of the device have too many ports together',
    ]);
  });
});
