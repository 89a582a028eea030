import { describe, expect, it } from 'vitest';
import { resolveCompose, resolveFiles, saidOf, serviceOf, textOf, web } from '../../repo/resolving.ts';

describe('label_file', () => {
  it.each([
    ['label_file: a.labels', { a: '1', b: 'a-1' }],
    ['label_file: [a.labels, b.labels]', { a: '1', b: '2', c: '' }],
    ['label_file: [a.labels]\nlabels: [a=own, d]', { a: 'own', b: 'a-1', d: '' }],
    ['label_file: a.labels\nlabels: {b: own}', { a: '1', b: 'own' }],
    ['label_file: a.labels\nlabels: ', { a: '1', b: 'a-1' }],
  ])('%s', (lines, labels) => {
    const resolution = resolveCompose(web(lines), { 'a.labels': 'a=1\nb=a-$a\n', 'b.labels': 'b=2\nc=\n' });
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution).labels).toEqual(labels);
  });

  it('does not see the variables of the app', () => {
    const files = { 'a.labels': 'a=$X', '.env': 'X=1' };
    expect(saidOf(resolveCompose(web('label_file: a.labels'), files))[0]).toContain('variable X is not set');
  });

  it('has to be in Git', () => {
    expect(textOf(resolveCompose(web('label_file: gone.labels')))).toContain(
      'compose.yaml:4:17: services.web.label_file: devices/edge-01/gone.labels is not in Git',
    );
  });

  it('cannot set labels that are the agent’s own', () => {
    expect(saidOf(resolveCompose(web('label_file: a'), { a: 'io.holdfast.x=1' }))[0]).toContain('are the agent');
  });
});

describe('env_file', () => {
  it('takes raw values as they stand', () => {
    const resolution = resolveCompose(web('env_file: [{path: a.env, format: raw}]'), { 'a.env': 'A="$X" # y' });
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution).environment).toEqual({ A: '"$X" # y' });
  });

  it('may refer to variables of the app, then to the service’s own, then to what came before', () => {
    const files = { '.env': 'A=app', 'a.env': 'F=first\n', 'b.env': 'X=$A-$B-$F' };
    const resolution = resolveCompose(web('env_file: [a.env, b.env]\nenvironment: {A: own, B: own, F: }'), files);
    expect(serviceOf(resolution).environment).toMatchObject({ X: 'app-own-first' });
  });

  it('refuses a format that nobody knows', () => {
    expect(saidOf(resolveCompose(web('env_file: [{path: a.env, format: yaml}]'), { 'a.env': '' }))[0]).toContain(
      'has to be raw',
    );
  });
});

describe('an extended or included service', () => {
  it('finds the files beside it', () => {
    const resolution = resolveFiles({
      'device.yaml': 'apps: [{name: k, compose: k.yaml}]',
      'k.yaml':
        'include: [../../shared/db/compose.yaml]\nservices: {web: {extends: {file: ../../shared/web.yaml, service: web}}}',
      'shared/web.yaml': 'services: {web: {image: w, env_file: web.env, volumes: ["./html:/html"], label_file: l}}',
      'shared/web.env': 'A=1',
      'shared/l': 'a=1',
      'shared/html/index.html': 'x',
      'shared/db/compose.yaml': 'services: {db: {image: "db:${V}", volumes: ["./init:/init", "d:/d"]}}\nvolumes: {d: }',
      'shared/db/.env': 'V=17',
      'shared/db/init/a.sql': 'x',
    });
    expect(saidOf(resolution)).toEqual([]);
    expect(serviceOf(resolution)).toMatchObject({
      environment: { A: '1' },
      labels: { a: '1' },
      mounts: [{ type: 'content', content: { path: 'shared/html' } }],
    });
    expect(serviceOf(resolution, 'db')).toMatchObject({
      image: 'db:17',
      mounts: [
        { type: 'content', content: { path: 'shared/db/init' } },
        { type: 'volume', source: 'd' },
      ],
    });
  });
});
