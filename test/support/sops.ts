// SOPS files for tests, sealed with the core and the real age tool.
import { randomBytes } from 'node:crypto';
import { formatOf, parsePlain } from '../../fleet/sops/format.ts';
import { DEFAULT_RULE } from '../../fleet/sops/metadata.ts';
import { type Sealing, sealTree } from '../../fleet/sops/seal.ts';
import { ageEncrypt } from './age.ts';

export const LAST_MODIFIED = '2026-01-02T03:04:05Z';

/** The text of `path`, encrypted for these recipients. */
export async function sealedFor(path: string, plain: string, recipients: readonly string[]): Promise<string> {
  const key = randomBytes(32);
  const age = await Promise.all(
    recipients.map(async (recipient) => ({ recipient, enc: await ageEncrypt(key, [recipient]) })),
  );
  return sealedText(path, plain, { key, age });
}

export function sealedText(path: string, plain: string | Uint8Array, more: Partial<Sealing>): string {
  const format = formatOf(path);
  const bytes = typeof plain === 'string' ? Buffer.from(plain) : plain;
  const sealed = sealTree(format, parsePlain(format, bytes), {
    key: new Uint8Array(32),
    age: [{ recipient: 'age1test', enc: 'not looked at' }],
    rule: DEFAULT_RULE,
    macOnlyEncrypted: false,
    lastmodified: LAST_MODIFIED,
    newIv: () => randomBytes(32),
    ...more,
  });
  if (sealed.kind === 'closed') throw new Error(sealed.what);
  return sealed.value;
}
