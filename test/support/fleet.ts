// A fleet repository on a real Git server, for scenarios: commit files, take the server away, bring it back.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { commitAll, makeRepository } from '../../scripts/git-repository.ts';
import { type GitServer, serveGit } from '../../scripts/git-server.ts';

export interface Fleet {
  readonly url: string;
  /** Writes the files (null removes one) and commits; returns the commit id. */
  commit(files: Readonly<Record<string, string | null>>, message?: string): Promise<string>;
  /** The Git server goes away; `back` brings it back on the same port. */
  away(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

export async function makeFleet(folder: string): Promise<Fleet> {
  const repository = join(folder, 'fleet');
  await makeRepository(repository);
  let server: GitServer | null = await serveGit({ root: folder });
  const { port } = server;
  return {
    url: `http://127.0.0.1:${port}/fleet`,
    async commit(files, message = 'change') {
      for (const [path, text] of Object.entries(files)) {
        const file = join(repository, path);
        if (text === null) await rm(file, { recursive: true });
        else {
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, text);
        }
      }
      return commitAll(repository, message);
    },
    async away() {
      await server?.close();
      server = null;
    },
    async back() {
      server ??= await serveGit({ root: folder, port });
    },
    async close() {
      await server?.close();
    },
  };
}
