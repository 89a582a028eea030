import { describe, expect, it } from 'vitest';
import { load } from '../trees.ts';

function model(files: Record<string, string>, variables?: Record<string, string>): unknown {
  const { data, said } = load(files, variables === undefined ? {} : { variables });
  expect(said).toEqual([]);
  return data;
}

describe('include', () => {
  it('takes over services and resources, with paths from their own folder', () => {
    const files = {
      'app/compose.yaml': 'include: [../db/compose.yaml]\nservices: {web: {depends_on: [db]}}',
      'db/compose.yaml': [
        'name: other',
        'services: {db: {image: db, env_file: .e, volumes: ["./data:/d"]}}',
        'volumes: {v: , w: {driver: local, driver_opts: {type: none, o: bind, device: ./w}}}',
        'configs: {c: {file: ./c.conf}}',
        'secrets: {s: {file: s.txt}}',
        'networks: {n: }',
        'x-a: 1',
      ].join('\n'),
    };
    expect(model(files)).toEqual({
      services: {
        db: { image: 'db', env_file: '../db/.e', volumes: ['../db/data:/d'] },
        web: { depends_on: ['db'] },
      },
      volumes: { v: null, w: { driver: 'local', driver_opts: { type: 'none', o: 'bind', device: '../db/w' } } },
      configs: { c: { file: '../db/c.conf' } },
      secrets: { s: { file: '../db/s.txt' } },
      networks: { n: null },
    });
  });

  it('puts what the model declares over what it includes', () => {
    const files = {
      'c.yaml': 'include: [a/c.yaml]\nservices: {db: {user: own, ports: [b], dns: !reset []}}',
      'a/c.yaml': 'services: {db: {image: db, user: a, ports: [a], dns: [x]}}',
    };
    expect(model(files)).toEqual({ services: { db: { image: 'db', user: 'own', ports: ['a', 'b'] } } });
  });

  it('merges several paths, and counts from project_directory when it is given', () => {
    const files = {
      'c.yaml': 'include:\n  - path: [a/c.yaml, b/o.yaml]\n  - {path: a/d.yaml, project_directory: p}\n',
      'a/c.yaml': 'services: {x: {image: x, env_file: e}}',
      'b/o.yaml': 'services: {x: {env_file: f}}',
      'a/d.yaml': 'services: {y: {env_file: e}}',
    };
    expect(model(files)).toEqual({
      services: { x: { image: 'x', env_file: ['./a/e', './a/f'] }, y: { env_file: './p/e' } },
    });
  });

  it('has variables of its own, which the app comes before', () => {
    const files = {
      'c.yaml':
        'include: [a/c.yaml, {path: b/c.yaml, env_file: [one.env, {path: two.env}]}]\nservices: {w: {user: "${A:-none}"}}',
      'a/c.yaml': 'services: {a: {user: "$A-$B-$C", environment: [A, D=1]}}\nconfigs: {k: {environment: B}}',
      'a/.env': 'A=dot\nB=dot\nC=$A$B\n',
      'b/c.yaml': 'services: {b: {user: "$A-$B", environment: {B: , X: }}}',
      'one.env': 'A=one\nB=one\n',
      'two.env': 'B=two\n',
    };
    expect(model(files, { A: 'app' })).toEqual({
      services: {
        w: { user: 'app' },
        a: { user: 'app-dot-appdot', environment: ['A', 'D=1'] },
        b: { user: 'app-two', environment: { B: 'two', X: null } },
      },
      configs: { k: { content: 'dot' } },
    });
  });

  it('works through what is included by what is included', () => {
    const files = {
      'c.yaml': 'include: [a/c.yaml]',
      'a/c.yaml': 'include: ["${B}/c.yaml"]\nservices: {a: {extends: b, env_file: a.env}}',
      'a/.env': 'B=b',
      'a/b/c.yaml': 'services: {b: {image: b, env_file: b.env}}',
    };
    expect(model(files)).toEqual({
      services: {
        a: { image: 'b', env_file: ['./a/b/b.env', './a/a.env'] },
        b: { image: 'b', env_file: './a/b/b.env' },
      },
    });
  });

  it('binds bare names where their value is known, the outer first', () => {
    const files = {
      'c.yaml': 'include: [a/c.yaml]',
      'a/c.yaml': 'include: [b/c.yaml]',
      'a/.env': 'A=a\nB=a\n',
      'a/b/c.yaml': 'services: {b: {environment: [A, B, C, D]}}',
      'a/b/.env': 'B=b\nC=b\nD=b',
    };
    expect(model(files, { D: 'app' })).toEqual({ services: { b: { environment: ['A=a', 'B=a', 'C=b', 'D'] } } });
  });

  it('reads a diamond once for each way, and ends in one', () => {
    const files = {
      'c.yaml': 'include: [a.yaml, b.yaml]',
      'a.yaml': 'include: [d.yaml]',
      'b.yaml': 'include: [d.yaml]',
      'd.yaml': 'services: {d: {image: d, dns: [x]}}',
    };
    expect(model(files)).toEqual({ services: { d: { image: 'd', dns: ['x'] } } });
  });

  it.each([
    ['include: a.yaml', 'include: has to be a list | write "include:" and below it "- path/compose.yaml"'],
    ['include: [gone.yaml]', 'include[0]: gone.yaml is not in Git | commit it, or correct the path'],
    ['include: [dir]', 'include[0]: dir is a folder | name a file'],
    ['include: [{env_file: x}]', 'include[0]: path is missing | add path: the Compose file to include'],
    ['include: [{path: a.yaml, pth: x}]', 'include[0].pth: unknown key | did you mean "path"?'],
    ['include: ["oci://x/y"]', 'include[0]: "oci://x/y" is not in this repository | copy the file into the repository'],
    [
      'include: [{path: a.yaml, env_file: gone.env}]',
      'include[0].env_file: gone.env is not in Git | commit the file, or write {path: …, required: false}',
    ],
    [
      'include: [{path: a.yaml, project_directory: ../x}]',
      'include[0].project_directory: "../x" is not a folder of the repository | write a relative path inside it',
    ],
    ['include: [c.yaml]', 'include[0]: files include each other: c.yaml → c.yaml | remove one of these'],
    ['include: [loop.yaml]', 'include[0]: files include each other: c.yaml → loop.yaml → c.yaml | remove one of these'],
  ])('%s is an error', (text, said) => {
    const files = {
      'c.yaml': text,
      'a.yaml': 'services: {a: {image: a}}',
      'loop.yaml': 'include: [c.yaml]',
      'dir/x': '',
    };
    expect(load(files).said).toEqual([said]);
  });

  it('points into the included file', () => {
    const files = { 'c.yaml': 'include: [a.yaml]\n', 'a.yaml': 'services:\n  a: {image: "${X:?give it}"}\n' };
    expect(load(files).text).toBe(
      [
        'a.yaml:2:15: services.a.image: required variable X: give it',
        '    a: {image: "${X:?give it}"}',
        '                ^^^^^^^^^^^^^ set it in .env, or under env: in device.yaml',
      ].join('\n'),
    );
  });

  it('bounds the documents of a file', () => {
    const text = `services: {a: {dns: [${Array.from({ length: 3000 }, (_, i) => `x${i}`).join(',')}]}}\n${'---\nservices: {}\n'.repeat(4000)}`;
    const start = performance.now();
    expect(load({ 'c.yaml': text }).said).toEqual([expect.stringContaining('too much when they are put together')]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('does not grow without bound', () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 14; i += 1) files[`f${i}.yaml`] = `include: [{path: f${i + 1}.yaml}, {path: f${i + 1}.yaml}]`;
    files['f14.yaml'] = `services: {a: {dns: [${Array(2000).fill('x').join(',')}]}}`;
    const start = performance.now();
    expect(load(files).said).toEqual([expect.stringContaining('more than 256 included files')]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('bounds how much it takes over', () => {
    const items = Array.from({ length: 4000 }, (_, i) => `x${i}`).join(',');
    const files = {
      'c.yaml': `include: [${Array(200).fill('a.yaml').join(', ')}]`,
      'a.yaml': `services: {a: {dns: [${items}]}}`,
    };
    expect(load(files).said).toEqual([expect.stringContaining('too much when they are put together')]);
  });

  it('bounds how deep it goes', () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}.yaml`, `include: [f${i + 1}.yaml]`]));
    expect(load(files).said).toEqual(['include[0]: more than 16 files include each other']);
  });

  it('asks for what is not loaded, and says nothing about it', () => {
    expect(load({ 'a/c.yaml': 'include: [../b/c.yaml]' }, { roots: ['a'] })).toMatchObject({ said: [], needs: ['b'] });
  });
});
