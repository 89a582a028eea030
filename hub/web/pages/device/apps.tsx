// What runs: apps, their services, and for each what it is and how it does.
import type { AppStatus, ServiceStatus } from '../../../../fleet/wire/messages.ts';
import { HealthBadge, SyncBadge } from '../../parts/badge.tsx';
import { versionWords } from '../../words/app-version.ts';
import { plural, shortDigest } from '../../words/value.ts';

interface AppsProps {
  readonly apps: readonly AppStatus[];
  readonly cut: number;
  readonly desired: string | null;
}

export function Apps({ apps, cut, desired }: AppsProps) {
  return (
    <section class="panel" aria-labelledby="apps">
      <header class="panel-head">
        <h2 id="apps">Apps</h2>
        <span class="faint">{plural(apps.length + cut, 'app')}</span>
      </header>
      {apps.length === 0 && <p class="none">Git declares no app for this device, or none could be read yet.</p>}
      {apps.map((app) => (
        <AppView key={app.name} app={app} desired={desired} />
      ))}
      {cut > 0 && <p class="none">and {plural(cut, 'more', 'more')}, cut to keep the report small.</p>}
    </section>
  );
}

function AppView({ app, desired }: { app: AppStatus; desired: string | null }) {
  const version = versionWords(app, desired);
  return (
    <div class="app">
      <h3>
        {app.name}
        <span class="app-state">
          <span class="faint">health</span> <HealthBadge health={app.health} />
        </span>
        <span class="app-state">
          <span class="faint">sync</span> <SyncBadge sync={app.sync} />
        </span>
      </h3>
      {version !== null && (
        <p class="app-version">
          <span class={`tone-${version.tone}`}>{version.says}</span> {version.remedy}
        </p>
      )}
      <table class="service-table">
        <caption class="unseen">Services of {app.name}</caption>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Health</th>
            <th scope="col">Image</th>
            <th scope="col" class="number">
              Restarts
            </th>
          </tr>
        </thead>
        <tbody>
          {app.services.map((service) => (
            <ServiceRow key={service.name} service={service} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ServiceRow({ service }: { service: ServiceStatus }) {
  return (
    <tr>
      <th scope="row">{service.name}</th>
      <td>
        <HealthBadge health={service.health} />
      </td>
      <td class="image">
        <code>{service.image}</code>
        {service.digest !== null && (
          <code class="faint" title={service.digest}>
            {shortDigest(service.digest)}
          </code>
        )}
        {service.message !== undefined && service.message !== '' && <p class="service-says">{service.message}</p>}
      </td>
      <td class={service.restarts > 0 ? 'number has-drift' : 'number'}>
        {service.restarts}
        <span class="card-word"> restarts</span>
      </td>
    </tr>
  );
}
