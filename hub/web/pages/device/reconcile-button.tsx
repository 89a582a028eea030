// Asks the agent to look now. A hint: what the device becomes is Git's word alone.
import { useSignal } from '@preact/signals';
import type { Device } from '../../../api/schemas.ts';
import { mayOperate } from '../../data/access.ts';
import { useSession } from '../../data/use-session.ts';

type State = { readonly kind: 'ready' | 'sending' | 'sent' } | { readonly kind: 'failed'; readonly message: string };

export function ReconcileButton({ device }: { device: Device }) {
  const { client, access } = useSession();
  const may = mayOperate(access.state.value);
  const state = useSignal<State>({ kind: 'ready' });
  async function send(): Promise<void> {
    state.value = { kind: 'sending' };
    try {
      await client.reconcile(device.fleet, device.id, new AbortController().signal);
      state.value = { kind: 'sent' };
    } catch (error) {
      state.value = { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  }
  const now = state.value;
  return (
    <div class="reconcile">
      <button type="button" class="primary" disabled={now.kind === 'sending' || !may} onClick={() => void send()}>
        {now.kind === 'sending' ? 'Sending…' : 'Reconcile now'}
      </button>
      <p role="status" class={now.kind === 'failed' ? 'tone-bad' : 'faint'}>
        {may ? sentence(now, device) : 'Only an operator may ask the agent to look at Git now.'}
      </p>
    </div>
  );
}

function sentence(state: State, device: Device): string {
  switch (state.kind) {
    case 'ready':
    case 'sending':
      return 'Asks the agent to look at Git now.';
    case 'sent':
      return device.presence === 'online'
        ? 'Sent. What the agent does shows up below.'
        : `Sent, but the device is ${device.presence}: it may not hear it.`;
    case 'failed':
      return `Not sent. ${state.message}`;
  }
}
