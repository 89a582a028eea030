// What the hub needs of a broker, be it the embedded one or an external one.

export interface Link {
  /**
   * Where devices connect; null: an external broker's own business.
   * @param onUp called each time that messages begin to flow
   */
  start(onUp: () => void): Promise<{ url: string | null }>;
  /** QoS 1; settles when the broker took it, rejects after a deadline. */
  publish(topic: string, payload: string, options: { retain: boolean }): Promise<void>;
  /** Can messages flow right now? */
  ready(): boolean;
  /** Connected devices; null when the broker is not ours to ask. */
  clients(): number | null;
  /** Ends every connection of a device; absent: an external broker's own business. */
  cut?(fleet: string, device: string): void;
  /** Says offline, takes nothing more, ends. Never longer than a second. */
  stop(): Promise<void>;
}

/** Nothing that the hub asks of a broker may take longer. */
export const PUBLISH_DEADLINE_MS = 5_000;
