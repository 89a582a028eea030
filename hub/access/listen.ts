// Safe defaults: a hub that other machines can reach has a token, so that not everybody who reaches it may steer it.
import { HoldfastError } from '../../fleet/error.ts';

export interface ListenInput {
  /** By key of the configuration, as `http.host`; only what listens. */
  readonly hosts: readonly { readonly key: string; readonly host: string }[];
  readonly isLoopback: (host: string) => boolean;
  readonly guarded: boolean;
  /** What makes the first token, with the store of this hub. */
  readonly command: string;
}

/** @throws HoldfastError ConfigInvalid, naming the key and the command to run first */
export function refuseOpenListening({ hosts, isLoopback, guarded, command }: ListenInput): void {
  const open = hosts.filter(({ host }) => !isLoopback(host));
  if (open.length === 0 || guarded) return;
  const lines = open.map(
    ({ key, host }) =>
      `${key}: ${host} can be reached from other machines, and this hub has no token: anybody could use it`,
  );
  const remedy = `Make a token first:\n  ${command}\nor let it listen on 127.0.0.1.`;
  throw new HoldfastError('ConfigInvalid', `${lines.join('\n')}\n${remedy}`);
}
