// A generic webhook: the alerts as JSON, signed as Stripe signs: `t=<seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`.
import { createHmac } from 'node:crypto';
import { webhookBody } from '../payload.ts';
import type { ConfigOf } from '../receivers.ts';
import { readSecret, readUrl } from '../secrets.ts';
import type { Sender } from './contract.ts';
import { post } from './post.ts';

export function createWebhook(where: string, config: ConfigOf<'webhook'>): Sender {
  const read = async () => ({ url: await readUrl(where, config), secret: await readSecret(where, 'secret', config) });
  return {
    check: async () => void (await read()),
    async send(envelope, signal) {
      const { url, secret } = await read();
      const payload = webhookBody(envelope);
      const body = JSON.stringify(payload);
      const seconds = Math.floor(envelope.now / 1000);
      const signature =
        secret === null ? {} : { 'holdfast-signature': `t=${seconds},v1=${sign(secret, seconds, body)}` };
      await post({ url, body, headers: { 'idempotency-key': payload.id, ...signature }, secrets: [secret] }, signal);
    },
  };
}

function sign(secret: string, seconds: number, body: string): string {
  return createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
}
