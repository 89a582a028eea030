import { describe, expect, it } from 'vitest';
import { load } from '../trees.ts';

function services(files: Record<string, string>, main?: string[]): unknown {
  const { data, said } = load(files, main === undefined ? {} : { main });
  expect(said).toEqual([]);
  return (data as { services: unknown }).services;
}

describe('extends', () => {
  it('puts a service over one of the same file, whichever comes first', () => {
    const text =
      'services: {a: {extends: b, user: a, dns: [x]}, b: {extends: {service: c}, init: true, dns: [y]}, c: {image: c}}';
    expect(services({ 'c.yaml': text })).toEqual({
      a: { image: 'c', init: true, dns: ['y', 'x'], user: 'a' },
      b: { image: 'c', init: true, dns: ['y'] },
      c: { image: 'c' },
    });
  });

  it('inherits everything, by the rules of a merge', () => {
    const base = '{image: b, container_name: x, depends_on: [db], profiles: [p], command: [a], environment: {A: 1}}';
    const text = `services: {base: ${base}, db: {image: db}, web: {extends: base, command: b, environment: [B=2]}}`;
    expect(services({ 'c.yaml': text })).toMatchObject({
      web: {
        image: 'b',
        container_name: 'x',
        depends_on: ['db'],
        profiles: ['p'],
        command: 'b',
        environment: { A: 1, B: '2' },
      },
    });
  });

  it('takes a service of another file, whose paths count from its own folder', () => {
    const base = [
      'services:',
      '  base:',
      '    extends: {file: ../more/c.yaml, service: base}',
      '    env_file: [a.env, {path: ./b.env, required: false}]',
      '    label_file: labels',
      '    volumes: ["./data:/data:ro", "../up:/up", "/abs:/abs", "named:/n", {type: bind, source: x, target: /x}, "~/h:/h"]',
    ].join('\n');
    const files = {
      'app/compose.yaml':
        'services: {web: {extends: {file: common/base.yaml, service: base}, volumes: ["./own:/own"]}}',
      'app/common/base.yaml': base,
      'app/more/c.yaml': 'services: {base: {image: c, volumes: ["./deep:/deep"], env_file: ./c.env}}',
    };
    expect(services(files)).toEqual({
      web: {
        image: 'c',
        env_file: ['./more/c.env', './common/a.env', { path: './common/b.env', required: false }],
        label_file: './common/labels',
        volumes: [
          './more/deep:/deep',
          './common/data:/data:ro',
          './up:/up',
          '/abs:/abs',
          'named:/n',
          { type: 'bind', source: './common/x', target: '/x' },
          '~/h:/h',
          './own:/own',
        ],
      },
    });
  });

  it('may name the same service of another file', () => {
    const files = {
      'a.yaml': 'services: {web: {extends: {file: b.yaml, service: web}, user: a}}',
      'b.yaml': 'services: {web: {image: b}}',
    };
    expect(services(files)).toEqual({ web: { image: 'b', user: 'a' } });
  });

  it('takes away what is reset, of what is inherited and of files before', () => {
    const files = {
      'a.yaml': 'services: {web: {ports: [a], dns: [a]}}',
      'b.yaml':
        'services: {base: {image: b, ports: [b], dns: [b]}, web: {extends: base, ports: !reset [], dns: !override [c]}}',
    };
    expect(services(files, ['a.yaml', 'b.yaml'])).toMatchObject({ web: { image: 'b', dns: ['c'] } });
    expect(services(files, ['a.yaml', 'b.yaml'])).not.toHaveProperty('web.ports');
  });

  it('does not pass on what the base itself reset', () => {
    const files = {
      'a.yaml': 'services: {web: {ports: [a]}}',
      'b.yaml': 'services: {base: {image: b, ports: !override [b]}, web: {extends: base}}',
    };
    expect(services(files, ['a.yaml', 'b.yaml'])).toMatchObject({ web: { ports: ['a', 'b'] } });
  });

  it('interpolates the other file, and sees only services of the same file', () => {
    const files = {
      'a.yaml': 'services: {web: {extends: {file: "${F:-b}.yaml", service: base}}}',
      'b.yaml': 'services: {base: {image: "x:${V:-1}"}}',
    };
    expect(services(files)).toEqual({ web: { image: 'x:1' } });
  });

  it.each([
    ['{extends: wbe2}', 'services.web.extends: a/c.yaml has no service "wbe2" | did you mean "web2"?'],
    [
      '{extends: {file: gone.yaml, service: x}}',
      'services.web.extends.file: a/gone.yaml is not in Git | commit it, or correct the path',
    ],
    [
      '{extends: {file: ../../x.yaml, service: x}}',
      'services.web.extends.file: "../../x.yaml" leaves the repository | use a path inside it',
    ],
    [
      '{extends: {file: "https://x/y.yaml", service: x}}',
      'services.web.extends.file: "https://x/y.yaml" is not in this repository | copy the file into the repository',
    ],
    [
      '{extends: {file: other.yaml}}',
      'services.web.extends: service is missing | add service: the name of the service to extend',
    ],
    ['{extends: {service: web2, fiel: x}}', 'services.web.extends.fiel: unknown key | did you mean "file"?'],
    ['{extends: [web2]}', 'services.web.extends: has to be a service, not a list | write {file: …, service: …}'],
    [
      '{extends: web}',
      'services.web.extends: services extend each other: web (a/c.yaml) → web (a/c.yaml) | remove one of these',
    ],
    [
      '{extends: {file: loop.yaml, service: x}}',
      'services.x.extends: services extend each other: web (a/c.yaml) → x (a/loop.yaml) → x (a/loop.yaml) | remove one of these',
    ],
  ])('%s is an error', (web, said) => {
    const files = {
      'a/c.yaml': `services: {web: ${web}, web2: {image: a}}`,
      'a/other.yaml': 'services: {x: {image: a}}',
      'a/loop.yaml': 'services: {x: {extends: {file: loop.yaml, service: x}}}',
    };
    expect(load(files).said).toEqual([said]);
  });

  it('points into the file where the text stands', () => {
    const files = {
      'c.yaml': 'services:\n  web:\n    extends: {file: b/b.yaml, service: base}\n',
      'b/b.yaml': 'services:\n  base:\n    extends: nobody\n',
    };
    expect(load(files).text).toBe(
      [
        'b/b.yaml:3:14: services.base.extends: b/b.yaml has no service "nobody"',
        '    extends: nobody',
        '             ^^^^^^ a service of another file is named with file and service',
      ].join('\n'),
    );
  });

  it('bounds chains, whatever their order', () => {
    const names = Array.from({ length: 100 }, (_, i) => i);
    const text = (order: number[]) =>
      `services:\n${order.map((i) => `  s${i}: ${i === 0 ? '{image: x}' : `{extends: s${i - 1}}`}`).join('\n')}`;
    for (const order of [names, [...names].reverse()]) {
      expect(load({ 'c.yaml': text(order) }).said[0]).toContain('more than 64 services extend each other');
    }
  });

  it('bounds what many services inherit', () => {
    const base = `base: {dns: [${Array.from({ length: 9000 }, (_, i) => `a${i}`).join(',')}]}`;
    const others = Array.from({ length: 3000 }, (_, i) => `  s${i}: {extends: base}`).join('\n');
    const start = performance.now();
    expect(load({ 'c.yaml': `services:\n  ${base}\n${others}` }).said).toEqual([
      expect.stringContaining('become too much when they are put together'),
    ]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('asks for the folder of a file that is not loaded', () => {
    const files = {
      'a/c.yaml': 'services: {web: {extends: {file: ../b/b.yaml, service: x}}}',
      'b/b.yaml': 'services: {x: }',
    };
    expect(load(files, { roots: ['a'] })).toMatchObject({ said: [], needs: ['b'] });
  });
});
