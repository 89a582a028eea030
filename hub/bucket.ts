// A token bucket: so many at once, so many a second after that. Pure; time comes in.

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface Bucket {
  /** Takes one and gives 0; where there is none takes nothing and gives the milliseconds until there is. */
  take(now: number): number;
}

export function createBucket({ perSecond, burst }: Rate): Bucket {
  let left = burst;
  let at: number | null = null;
  return {
    take(now) {
      if (at !== null) left = Math.min(burst, left + (Math.max(0, now - at) / 1000) * perSecond);
      at = now;
      if (left < 1) return Math.ceil(((1 - left) / perSecond) * 1000);
      left -= 1;
      return 0;
    },
  };
}

/** One bucket for each key, the longest unused forgotten first. */
export function createBuckets(rate: Rate, most: number): { take(key: string, now: number): number } {
  const buckets = new Map<string, Bucket>();
  return {
    take(key, now) {
      const bucket = buckets.get(key) ?? createBucket(rate);
      buckets.delete(key);
      buckets.set(key, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > most && oldest !== undefined) buckets.delete(oldest);
      return bucket.take(now);
    },
  };
}
