import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProgram } from '../../../hub/cli/program.ts';
import { readWorkTree } from '../../../hub/cli/work-tree.ts';

let repo: string;
beforeEach(async () => {
  repo = await mkdtemp(join(tmpdir(), 'holdfast-repo-'));
});
afterEach(() => rm(repo, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(repo, path)), { recursive: true });
  await writeFile(join(repo, path), text);
}

async function holdfast(...args: string[]) {
  let out = '';
  let err = '';
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    env: {},
    now: () => 0,
    columns: null,
    colour: false,
    signal: new AbortController().signal,
  };
  return { exit: await createProgram(io)(args), out, err };
}

const GOOD = 'services:\n  web:\n    image: nginx:1.27\n';

test('a good repository has no errors', async () => {
  await write('devices/edge-01/compose.yaml', GOOD);
  expect(await holdfast('validate', repo)).toEqual({ exit: 0, out: '1 device: no errors, 0 warnings\n', err: '' });
});

test('every fault of every device is printed with its place, and a count closes', async () => {
  await write('devices/edge-01/compose.yaml', 'services:\n  web:\n    image: nginx\n    prots: ["80:80"]\n');
  await write('devices/edge-02/compose.yaml', 'services:\n  web:\n    image: 7\n');
  const { exit, out } = await holdfast('validate', repo);
  expect(exit).toBe(1);
  expect(out).toContain('devices/edge-01/compose.yaml:4:5: ');
  expect(out).toContain('did you mean "ports"?');
  expect(out).toContain('devices/edge-02/compose.yaml:3:');
  expect(out).toMatch(/\n2 devices: \d errors, \d warnings\n$/);
});

test('a fault of a shared app is said once, however many devices run it', async () => {
  await write('apps/kiosk/compose.yaml', 'services:\n  web:\n    image: nginx\n    prots: ["80:80"]\n');
  for (const id of ['edge-01', 'edge-02']) {
    await write(
      `devices/${id}/device.yaml`,
      'apps:\n  - name: kiosk\n    compose: [ ../../apps/kiosk/compose.yaml ]\n',
    );
  }
  const { out } = await holdfast('validate', repo);
  expect(out.split('apps/kiosk/compose.yaml:4:5')).toHaveLength(2);
});

test('validate -o json is for programs', async () => {
  await write('devices/edge-01/compose.yaml', 'services:\n  web:\n    prots: []\n    image: nginx\n');
  const { exit, out } = await holdfast('validate', repo, '-o', 'json');
  expect(exit).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    devices: ['edge-01'],
    diagnostics: [{ file: 'devices/edge-01/compose.yaml', line: 3 }],
  });
});

test('a symbolic link is refused with its name', async () => {
  await write('devices/edge-01/compose.yaml', GOOD);
  await symlink('/etc/passwd', join(repo, 'devices/edge-01/secret'));
  const { exit, out } = await holdfast('validate', repo);
  expect(exit).toBe(1);
  expect(out).toContain('devices/edge-01/secret: a symbolic link');
});

test('a folder without devices, and no folder at all, are said plainly', async () => {
  expect(await holdfast('validate', repo)).toMatchObject({
    exit: 1,
    out: expect.stringContaining('declares no device'),
  });
  expect(await holdfast('validate', join(repo, 'nowhere'))).toMatchObject({
    exit: 2,
    err: expect.stringContaining('cannot read the repository'),
  });
});

test('render prints what Git declares, resolved', async () => {
  await write('devices/edge-01/compose.yaml', 'services:\n  web:\n    image: "nginx:${TAG:-1.27}"\n');
  const { exit, out } = await holdfast('render', repo, 'edge-01');
  expect(exit).toBe(0);
  expect(out).toContain('image: nginx:1.27');
  expect(out).toContain('device: edge-01');
});

test('render of an unknown device names those that there are', async () => {
  await write('devices/edge-01/compose.yaml', GOOD);
  const { exit, out, err } = await holdfast('render', repo, 'edge-99');
  expect({ exit, out }).toEqual({ exit: 1, out: '' });
  expect(err).toContain('it declares edge-01');
});

test("object ids are Git's own", async () => {
  await write('devices/edge-01/compose.yaml', GOOD);
  await write('devices/edge-01/html/index.html', 'hello\n');
  await write('devices/edge-01/html.txt', 'sorted before the folder html/ by Git\n');
  await write('devices/edge-01/run.sh', '#!/bin/sh\n');
  await chmod(join(repo, 'devices/edge-01/run.sh'), 0o755);
  await mkdir(join(repo, 'empty'));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repo, encoding: 'utf8' }).trim();
  git('init', '-q');
  git('add', '-A');
  const { tree } = await readWorkTree(repo);
  expect(tree.trees.get('')).toBe(git('write-tree'));
  for (const [path, file] of tree.files) expect(file.oid).toBe(git('rev-parse', `:${path}`));
  expect(tree.files.get('devices/edge-01/run.sh')?.mode).toBe('100755');
  expect([...tree.trees.keys()].sort()).toEqual(['', 'devices', 'devices/edge-01', 'devices/edge-01/html']);
});
