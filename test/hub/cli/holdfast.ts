// Runs `holdfast` commands in this process and keeps what they print; and a repository in a temporary folder.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Io } from '../../../hub/cli/io.ts';
import { createProgram } from '../../../hub/cli/program.ts';

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export async function holdfast(args: readonly string[], over: Partial<Io> = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: {},
    now: () => 0,
    columns: null,
    colour: false,
    watched: false,
    signal: new AbortController().signal,
    ...over,
  };
  return { exit: await createProgram(io)(args), out, err };
}

export interface TemporaryRepository {
  readonly folder: string;
  write(path: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function temporaryRepository(): Promise<TemporaryRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-repo-'));
  return {
    folder,
    async write(path, text) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
