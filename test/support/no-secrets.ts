// A device that opens nothing, for tests that are not about secrets.
import type { Secrets } from '../../agent/secrets/secrets.ts';

export const noSecrets: Secrets = {
  open: async () => new Map(),
  salt: '',
  hide: (text) => text,
  learn: () => undefined,
};
