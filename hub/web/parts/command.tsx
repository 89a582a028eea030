// A command or a piece of configuration to copy. Falls back to being selectable where the clipboard is not to be had.
import { useSignal } from '@preact/signals';
import { Icon } from './icon.tsx';

const WORDS = { ready: 'Copy', copied: 'Copied', refused: 'Select it' } as const;

export function Command({ text }: { text: string }) {
  const state = useSignal<keyof typeof WORDS>('ready');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      state.value = 'copied';
    } catch {
      // No clipboard without HTTPS: the text stays there to be selected.
      state.value = 'refused';
    }
    window.setTimeout(() => {
      state.value = 'ready';
    }, 2000);
  }
  return (
    <div class={text.includes('\n') ? 'command' : 'command command-line'}>
      <pre>
        <code>{text}</code>
      </pre>
      <button type="button" class="quiet" onClick={() => void copy()} aria-label={`Copy: ${text}`}>
        <Icon name="copy" />
        <span role="status">{WORDS[state.value]}</span>
      </button>
    </div>
  );
}
