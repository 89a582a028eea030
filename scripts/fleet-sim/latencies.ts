// Latencies in buckets a tenth apart: any number of them in the same room.

const BUCKETS_PER_DECADE = 24;
const DECADES = 7;
const FLOOR_MS = 0.01;

export interface Latencies {
  add(ms: number): void;
  readonly count: number;
  /** Milliseconds; NaN when there are none. */
  quantile(share: number): number;
  readonly maxMs: number;
}

export function createLatencies(): Latencies {
  const buckets = new Uint32Array(BUCKETS_PER_DECADE * DECADES);
  let count = 0;
  let maxMs = 0;
  return {
    add(ms) {
      count++;
      maxMs = Math.max(maxMs, ms);
      const at = Math.floor(Math.log10(Math.max(1, ms / FLOOR_MS)) * BUCKETS_PER_DECADE);
      const bucket = Math.min(buckets.length - 1, at);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    },
    get count() {
      return count;
    },
    get maxMs() {
      return maxMs;
    },
    quantile(share) {
      let left = share * count;
      for (const [at, here] of buckets.entries()) {
        left -= here;
        if (here > 0 && left <= 0) return Math.min(maxMs, FLOOR_MS * 10 ** ((at + 1) / BUCKETS_PER_DECADE));
      }
      return Number.NaN;
    },
  };
}
