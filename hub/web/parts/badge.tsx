// Sync, health and severity as icon and word; presence as mark and word. Colour repeats what they say.
import type { Health, Presence, Sync } from '../../../fleet/model/conditions.ts';
import type { Severity } from '../route/route.ts';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'calm';

const SYNC_LOOKS: Record<Sync, [Tone, IconName]> = {
  Synced: ['good', 'good'],
  OutOfSync: ['warn', 'differs'],
  Unknown: ['calm', 'unknown'],
};

const HEALTH_LOOKS: Record<Health, [Tone, IconName]> = {
  Healthy: ['good', 'good'],
  Progressing: ['busy', 'busy'],
  Degraded: ['bad', 'bad'],
  Suspended: ['calm', 'pause'],
  Missing: ['bad', 'missing'],
  Unknown: ['calm', 'unknown'],
};

const SEVERITY_LOOKS: Record<Severity, [Tone, IconName]> = {
  info: ['calm', 'info'],
  warning: ['warn', 'warn'],
  error: ['bad', 'bad'],
};

export function SyncBadge({ sync }: { sync: Sync }) {
  return <Badge look={SYNC_LOOKS[sync]} word={sync} />;
}

export function HealthBadge({ health }: { health: Health }) {
  return <Badge look={HEALTH_LOOKS[health]} word={health} />;
}

export function SeverityBadge({ severity }: { severity: Severity }) {
  return <Badge look={SEVERITY_LOOKS[severity]} word={severity} />;
}

function Badge({ look: [tone, icon], word }: { look: [Tone, IconName]; word: string }) {
  return (
    <span class={`badge tone-${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

/** `bare`: the mark alone, the word for screen readers and on hover. */
export function PresenceMark({ presence, bare = false }: { presence: Presence; bare?: boolean }) {
  return (
    <span class={`presence presence-${presence}`} title={bare ? presence : undefined}>
      <svg viewBox="0 0 12 12" width="12" height="12" fill="none" aria-hidden="true">
        {presence === 'online' && <circle cx="6" cy="6" r="4" fill="currentColor" />}
        {presence === 'stale' && (
          <>
            <circle cx="6" cy="6" r="4" stroke="currentColor" stroke-width="1.6" />
            <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
          </>
        )}
        {presence === 'offline' && <circle cx="6" cy="6" r="4" stroke="currentColor" stroke-width="1.6" />}
      </svg>
      <span class={bare ? 'unseen' : undefined}>{presence}</span>
    </span>
  );
}
