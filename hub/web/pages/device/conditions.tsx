// The conditions in plain words, and what to do about those that are not good.
import type { Status } from '../../../../fleet/wire/messages.ts';
import { Ago } from '../../parts/ago.tsx';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { Message } from '../../parts/message.tsx';
import { type Explanation, explain } from '../../words/remedies.ts';

type ConditionEntry = Status['conditions'][number];

const ICONS: Record<Explanation['tone'], IconName> = { good: 'good', busy: 'busy', warn: 'warn', bad: 'bad' };
const ORDER = ['Stalled', 'Reconciling', 'Ready'] as const;

export function Conditions({ conditions }: { conditions: readonly ConditionEntry[] }) {
  const sorted = [...conditions].sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));
  return (
    <section class="panel" aria-label="Conditions">
      <ul class="conditions">
        {sorted.map((condition, at) => (
          <li key={condition.type}>
            <ConditionView condition={condition} repeats={saysTheSame(condition, sorted[at - 1])} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Stalled and Ready often carry one reason and one message: said once, with its remedy. */
function saysTheSame(one: ConditionEntry, before: ConditionEntry | undefined): boolean {
  return before !== undefined && before.reason === one.reason && before.message === one.message;
}

function ConditionView({ condition, repeats }: { condition: ConditionEntry; repeats: boolean }) {
  const { tone, says, remedy } = explain(condition);
  return (
    <div class={repeats ? 'condition condition-repeats' : 'condition'}>
      <span class={`condition-mark tone-${tone}`}>
        <Icon name={ICONS[tone]} />
      </span>
      <div class="condition-body">
        <p class="condition-head">
          {!repeats && <strong>{says}</strong>}
          <span class="faint">
            {condition.type} {condition.status} · {condition.reason} · since <Ago at={condition.since} />
          </span>
        </p>
        {!repeats && <Message text={condition.message} />}
        {!repeats && remedy !== null && (
          <p class="remedy">
            <span class="remedy-word">What to do</span>
            {remedy}
          </p>
        )}
      </div>
    </div>
  );
}
