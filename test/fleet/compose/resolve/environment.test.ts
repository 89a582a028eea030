import { describe, expect, it } from 'vitest';
import { resolveCompose, resolveFiles, saidOf, serviceOf, textOf, web } from '../../repo/resolving.ts';

describe('env_file', () => {
  it('is overridden by later files and by environment', () => {
    const lines =
      'env_file: [a.env, {path: b.env, required: false}, {path: gone.env, required: false}]\nenvironment: {C: own, D: }';
    const files = { 'a.env': 'A=a\nB=a\nC=a\nD=a\n', 'b.env': 'B=b\nE="$A-${PORT}"\n', '.env': 'PORT=80' };
    const resolution = resolveCompose(web(lines), files);
    expect(saidOf(resolution)).toEqual([]);
    // D is declared without a value, and nothing sets it: the file's value does not come through.
    expect(serviceOf(resolution).environment).toEqual({ A: 'a', B: 'b', C: 'own', E: 'a-80' });
  });

  it('places what is wrong in the file itself', () => {
    expect(textOf(resolveCompose(web('env_file: a.env'), { 'a.env': 'A=1\n!\n' }))).toBe(
      'devices/edge-01/a.env:2:1: not a variable\n    !\n    ^ write NAME=value; a name has letters, digits and "_"',
    );
  });

  it('cannot be a folder', () => {
    expect(saidOf(resolveCompose(web('env_file: conf'), { 'devices/edge-01/conf/a': '' }))).toEqual([
      'services.web.env_file[0]: conf is a folder | name a file',
    ]);
  });
});

describe('interpolation variables', () => {
  it('come from device.yaml before env_files before .env', () => {
    const resolution = resolveFiles({
      'device.yaml': 'apps: [{name: k, compose: k.yaml, env: {A: env}, env_files: [x.env, y.env]}]',
      'k.yaml': web('environment: {A: $A, B: $B, C: $C, D: $D, P: $COMPOSE_PROJECT_NAME}'),
      '.env': 'A=dot\nB=dot\nC=dot\nD=dot\n',
      'x.env': 'A=x\nB=x\nC=x\n',
      'y.env': 'A=y\nB=y-$A\n',
    });
    expect(serviceOf(resolution).environment).toEqual({ A: 'env', B: 'y-env', C: 'x', D: 'dot', P: 'k' });
  });

  it('come from the .env beside the first Compose file', () => {
    const resolution = resolveFiles({
      'device.yaml': 'apps: [{name: k, compose: [../../apps/k/compose.yaml, over.yaml]}]',
      'apps/k/compose.yaml': web('user: "$A"'),
      'apps/k/.env': 'A=shared',
      'over.yaml': 'services: {web: {init: true}}',
      '.env': 'A=own',
    });
    expect(serviceOf(resolution).user).toBe('shared');
  });
});
