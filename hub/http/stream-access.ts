// Open streams and who they were opened for. A stream lives long: whoever lost the right to see is looked for again and again,
// so that a token that was revoked at another hub ends here too.
import type { ServerResponse } from 'node:http';
import type { Principal } from '../access/roles.ts';

const LOOK_MS = 15_000;

export interface StreamAccess {
  /** @param principal asks again who it is; null: nobody any more */
  add(response: ServerResponse, principal: () => Promise<Principal | null>): void;
  /** Looks now. */
  dismiss(): Promise<void>;
  stop(): void;
}

export function createStreamAccess(): StreamAccess {
  const open = new Map<ServerResponse, () => Promise<Principal | null>>();
  async function dismiss(): Promise<void> {
    for (const [response, principal] of open) {
      // A store that does not answer for a while takes nobody's right away.
      const gone = await principal().then(
        (who) => who === null,
        () => false,
      );
      if (gone) response.destroy();
    }
  }
  const timer = setInterval(() => void dismiss(), LOOK_MS);
  timer.unref();
  return {
    add(response, principal) {
      open.set(response, principal);
      response.once('close', () => open.delete(response));
    },
    dismiss,
    stop: () => clearInterval(timer),
  };
}
