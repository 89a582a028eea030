// A link that leads nowhere.
import { FLEET, hrefOf } from '../route/route.ts';

export function NowherePage() {
  return (
    <section class="empty">
      <h1>There is no such page</h1>
      <p>
        The link may be from another version of the dashboard. <a href={hrefOf(FLEET)}>Go to the fleet</a>
      </p>
    </section>
  );
}
