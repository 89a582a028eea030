// What the loop needs from Git. A transport implements this; nothing outside `agent/git/` knows which one.
import type { SourceTree } from '../../fleet/model/source.ts';

export interface Source {
  /** The commit that the ref points to now, in as few bytes as the transport can. Throws `GitUnreachable`, `GitAuthentication`, `GitRefNotFound`. */
  poll(signal: AbortSignal): Promise<string>;
  /**
   * Loads files and folders (recursively) of a commit. A root that does not exist in the commit is listed in `roots` and has no
   * files. Held commits load without the network. Throws `GitContentRefused` for what must not reach the host, naming the file.
   */
  load(commit: string, roots: readonly string[], signal: AbortSignal): Promise<SourceTree>;
  /** The bytes of a blob of a loaded commit, checked against its id. */
  readBlob(oid: string, signal: AbortSignal): Promise<Uint8Array>;
}
