// What is shown to whoever has no token that holds: one field. The token goes to the hub once, for a cookie that scripts cannot read.
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useSession } from '../../data/use-session.ts';
import { Logo } from '../../parts/logo.tsx';

export function SignInPage() {
  const { access } = useSession();
  const field = useRef<HTMLInputElement>(null);
  const problem = useSignal('');
  const busy = useSignal(false);
  async function enter(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const token = field.current?.value.trim() ?? '';
    if (token === '' || busy.value) return;
    busy.value = true;
    problem.value = '';
    try {
      await access.signIn(token, new AbortController().signal);
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
      field.current?.select();
    }
    busy.value = false;
  }
  return (
    <section class="empty sign-in">
      <Logo />
      <h1>Sign in</h1>
      <form onSubmit={(event) => void enter(event)}>
        <label for="token">Your token</label>
        <div class="sign-in-line">
          <input
            id="token"
            ref={field}
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            placeholder="hft_…"
            aria-describedby="sign-in-problem"
          />
          <button type="submit" class="primary" disabled={busy.value}>
            Sign in
          </button>
        </div>
        <p id="sign-in-problem" class="tone-bad" role="alert">
          {problem.value}
        </p>
      </form>
      <p class="faint">
        You have none? An admin of this hub makes one: <code>holdfast token create NAME --role viewer</code>
      </p>
    </section>
  );
}
