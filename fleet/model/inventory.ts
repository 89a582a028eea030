// What this agent created: the only things that it may ever remove, with what was last applied to each.
import type { Fields } from './plan.ts';

export interface InventoryItem {
  readonly kind: 'container' | 'network' | 'volume';
  /** Name on the Engine; unique per kind. */
  readonly name: string;
  /**
   * A container's id, once it was seen settled: people rename containers, and none is removed for its labels alone. Absent: not
   * seen yet, or listed by an older agent.
   */
  readonly id?: string;
  /** `service:kiosk/web`, `network:kiosk/front`, `volume:kiosk/data` */
  readonly resource: string;
  readonly app: string;
  /** Last applied, as declared fields. */
  readonly applied: Fields;
  /** Revision that it was last applied from. */
  readonly revision: string;
}
