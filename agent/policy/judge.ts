// The device's policy as the loop asks it: what a commit may do here, and by which images.
import type { AgentConfig } from '../../fleet/config/agent.ts';
import { HoldfastError } from '../../fleet/error.ts';
import type { Ask } from '../../fleet/model/ask.ts';
import type { Owner } from '../../fleet/policy/denial.ts';
import { deniedApps, formatFaults, policyFaults } from '../../fleet/policy/judge.ts';
import type { Pins } from '../../fleet/policy/pin.ts';
import { withoutSecrets } from '../../fleet/without-secrets.ts';
import type { ImageVerifier } from '../registry/image-verifier.ts';
import { followBinds, followLinks } from './links.ts';

export interface Judge {
  /**
   * Lets a commit in, or throws `PolicyDenied`, `VerificationError` with everything that is not allowed, or `ImagePullFailed`
   * when a registry cannot be asked. Returns the digests that were verified. `known`: those of this revision so far.
   */
  admit(asks: readonly Ask[], known: Pins, signal: AbortSignal): Promise<Pins>;
  /** The apps in force of which something is not allowed any more, each with what that is. */
  denied(asks: readonly Ask[]): Promise<ReadonlyMap<string, string>>;
}

/** `images` null: signatures of images do not count. */
export function createJudge(config: Pick<AgentConfig, 'policy' | 'docker'>, images: ImageVerifier | null): Judge {
  return {
    async admit(asks, known, signal) {
      const faults = policyFaults(await followLinks(asks), await ownerOf(config));
      if (faults.length > 0) throw new HoldfastError('PolicyDenied', formatFaults(faults.map(withoutSecrets)));
      return images === null ? new Map() : await images.verify(asks, known, signal);
    },
    denied: async (asks) => deniedApps(await followLinks(asks), await ownerOf(config)),
  };
}

async function ownerOf({ policy, docker }: Pick<AgentConfig, 'policy' | 'docker'>): Promise<Owner> {
  return { policy: { ...policy, binds: await followBinds(policy.binds) }, socket: docker.socket };
}
