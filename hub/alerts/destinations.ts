// The ways to reach people, made from the configuration.
import type { Destination } from './decide.ts';
import { RECEIVER_KINDS, type ReceiverConfig, type ReceiverKind } from './receivers.ts';
import { createAlertmanager } from './send/alertmanager.ts';
import { createDiscord, createNtfy, createSlack } from './send/chat.ts';
import type { Sender } from './send/contract.ts';
import { createEmail } from './send/email.ts';
import { createWebhook } from './send/webhook.ts';

export interface Way extends Destination {
  readonly kind: ReceiverKind;
  readonly sender: Sender;
}

const MAKE: { readonly [K in ReceiverKind]: (where: string, config: ReceiverConfig) => Sender | undefined } = {
  webhook: (where, { webhook }) => webhook && createWebhook(where, webhook),
  slack: (where, { slack }) => slack && createSlack(where, slack),
  discord: (where, { discord }) => discord && createDiscord(where, discord),
  ntfy: (where, { ntfy }) => ntfy && createNtfy(where, ntfy),
  email: (where, { email }) => email && createEmail(where, email),
  alertmanager: (where, { alertmanager }) => alertmanager && createAlertmanager(where, alertmanager),
};

export function waysOf(receivers: Readonly<Record<string, ReceiverConfig>>): readonly Way[] {
  return Object.entries(receivers).flatMap(([receiver, config]) =>
    RECEIVER_KINDS.flatMap((kind) => {
      const sender = MAKE[kind](`alerts.receivers.${receiver}.${kind}`, config);
      if (sender === undefined) return [];
      return [{ id: `${receiver}/${kind}`, receiver, kind, continuous: kind === 'alertmanager', sender }];
    }),
  );
}
