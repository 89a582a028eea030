// Holds what the design says about the repository itself: who may import what, and what its top level is.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../fleet/version.ts';
import { MACHINE_PATHS, ROOT, violations } from './tidy/rules.ts';
import { listFiles, scanFolder, scanSource } from './tidy/scan.ts';

const PARTS = ['fleet', 'agent', 'hub'] as const;

/** Fewer files than this means that the scan looked in the wrong place. */
const FLOOR = { fleet: 15, agent: 25, hub: 25 } as const;

describe('the import table', () => {
  const sources = PARTS.map((part) => ({ part, sources: scanFolder(ROOT, part) }));

  test.each(sources)('$part keeps to it', ({ sources }) => {
    expect(sources.flatMap(violations)).toEqual([]);
  });

  test.each(sources)('the scan of $part saw its files and their imports', ({ part, sources }) => {
    expect(sources.length).toBeGreaterThanOrEqual(FLOOR[part]);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThanOrEqual(FLOOR[part]);
  });

  test.each([
    ['agent/x.ts', "import { a } from '../hub/a.ts';", 'imports hub/a.ts'],
    ['agent/x.ts', "import type { A } from '../hub/a.ts';", 'imports hub/a.ts'],
    ['agent/a/x.ts', "export * from '../../hub/a.ts';", 'imports hub/a.ts'],
    ['agent/a/x.ts', "export { a } from '../../scripts/a.ts';", 'imports scripts/a.ts'],
    ['hub/x.ts', "const a = await import('../agent/a.ts');", 'imports agent/a.ts'],
    ['hub/x.ts', "type A = import('../agent/a.ts').A;", 'imports agent/a.ts'],
    ['hub/x.ts', "const a = require('../agent/a.ts');", 'imports agent/a.ts'],
    ['hub/x.ts', "import a = require('../agent/a.ts');", 'imports agent/a.ts'],
    ['hub/x.ts', 'const a = await import(name);', 'imports something that is computed'],
    ['hub/web/x.tsx', "import { a } from '../store/a.ts'; const b = <p>{a}</p>;", 'imports hub/store/a.ts'],
    ['fleet/x.ts', "import { a } from '../agent/a.ts';", 'imports agent/a.ts'],
    ['fleet/compose/yaml/x.ts', "import { a } from '../keys/a.ts';", 'imports fleet/compose/keys/a.ts'],
    ['fleet/compose/tree/x.ts', "import type { A } from '../resolve/a.ts';", 'imports fleet/compose/resolve/a.ts'],
    ['fleet/compose/resolve/x.ts', "import { a } from '../project.ts';", 'imports fleet/compose/project.ts'],
    ['fleet/compose/node.ts', "import { a } from './yaml/a.ts';", 'imports fleet/compose/yaml/a.ts'],
    ['fleet/x.ts', "import { readFileSync } from 'node:fs';", 'imports node:fs'],
    ['fleet/x.ts', "import pino from 'pino';", 'imports pino'],
    ['fleet/x.ts', 'const a = process.env;', 'uses process'],
    ['fleet/x.ts', 'const a = Date.now();', 'uses Date.now'],
    ['fleet/x.ts', "const a = Date['now']();", 'uses Date.now'],
    ['fleet/x.ts', 'const a = new Date();', 'uses new Date()'],
    ['fleet/x.ts', 'const a = Math.random();', 'uses Math.random'],
    ['agent/x.ts', "import Docker from 'dockerode';", 'imports dockerode, whose home is agent/docker/'],
    ['hub/x.ts', "import type { Client } from 'mqtt';", 'imports mqtt, whose home is agent/mqtt/ and hub/mqtt/'],
    ['hub/x.ts', "import { A } from 'kysely/migration';", 'imports kysely/migration, whose home is'],
  ])('%s with `%s` breaks it', (path, text, said) => {
    const found = violations(scanSource(path, text));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${path} ${said}`);
  });

  test.each([
    ['fleet/x.ts', "import { createHash } from 'node:crypto'; import { z } from 'zod'; import { a } from './a.ts';"],
    ['fleet/a/x.ts', "import { b } from '../b.ts'; const a = new Date('2026-01-01'); // Date.now() in a comment"],
    ['fleet/compose/tree/x.ts', "import { a } from '../keys/a.ts'; import { b } from '../node.ts';"],
    ['fleet/compose/project.ts', "import { a } from './resolve/a.ts';"],
    ['fleet/repo/x.ts', "import { a } from '../compose/project.ts';"],
    ['fleet/x.ts', 'const a = "import x from \'dockerode\'; process.env";'],
    ['agent/docker/x.ts', "import Docker from 'dockerode';"],
    ['agent/x.ts', "import { a } from '../fleet/a.ts'; const now = Date.now();"],
    ['hub/store/x.ts', "import { DatabaseSync } from 'node:sqlite';"],
    ['hub/web/x.tsx', "import { render } from 'preact'; import type { A } from '../api/schemas.ts';"],
  ])('%s with `%s` keeps to it', (path, text) => {
    expect(violations(scanSource(path, text))).toEqual([]);
  });
});

describe('the repository', () => {
  test('the top level is as short as the design lists it', () => {
    const folders = ['fleet', 'agent', 'hub', 'scripts', 'test', 'docs'];
    const files = ['package.json', 'tsconfig.json', 'README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE'];
    const tools = ['package-lock.json', 'biome.json', 'knip.json', 'vitest.config.ts', '.ci', '.gitignore', '.npmrc'];
    const madeHere = ['.git', 'node_modules', 'dist', 'coverage', '.holdfast'];
    const known = new Set([...folders, ...files, ...tools, ...madeHere]);
    const unknown = readdirSync(ROOT).filter((name) => !known.has(name) && !/\.db(-.*)?$/.test(name));
    expect(unknown).toEqual([]);
  });

  test('no file names a place on one machine', () => {
    expect(MACHINE_PATHS.test(`cd ${'/wo'}rk/main`)).toBe(true);
    const files = listFiles(ROOT, '.').filter((path) => !/\.(png|ico|woff2|db.*)$|^package-lock\.json$/.test(path));
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((path) => MACHINE_PATHS.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
  });

  test('ARCHITECTURE.md is short enough to be read', () => {
    const file = join(ROOT, 'ARCHITECTURE.md');
    if (existsSync(file)) expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(150);
  });

  test('every dependency is one exact version', () => {
    const { dependencies, devDependencies, optionalDependencies } = readPackage();
    const wanted = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(wanted.length).toBeGreaterThan(20);
    expect(wanted.filter(([, version]) => !/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('the lockfile names no registry', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    expect(lock).toContain('"node_modules/zod"');
    expect(lock).not.toMatch(/"resolved": "http/);
  });

  test('the programs say the version of the package', () => {
    expect(VERSION).toBe(readPackage().version);
  });
});

interface Package {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
}

function readPackage(): Package {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Package;
}
