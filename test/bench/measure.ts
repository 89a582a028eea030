// Paired measurement: two pieces of work, alternating in one process, so that whatever else the machine does hits both.

export interface Pair {
  readonly name: string;
  /** What ours is compared with. */
  readonly floorName: string;
  readonly rounds: number;
  /** What returns a number has measured itself: these are its milliseconds. */
  readonly ours: () => Promise<unknown>;
  readonly floor: () => Promise<unknown>;
  /** Not measured: runs before each piece of work. */
  readonly prepare?: () => Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly floorName: string;
  readonly rounds: number;
  /** Medians, in milliseconds. */
  readonly oursMs: number;
  readonly floorMs: number;
  /** Median of the ratios of the rounds. */
  readonly ratio: number;
}

export async function measure(pair: Pair): Promise<Result> {
  const rounds: { ours: number; floor: number }[] = [];
  // The first round warms up and does not count.
  for (let round = 0; round <= pair.rounds; round++) {
    const first = round % 2 === 0;
    const a = await timed(pair, first ? pair.ours : pair.floor);
    const b = await timed(pair, first ? pair.floor : pair.ours);
    if (round > 0) rounds.push(first ? { ours: a, floor: b } : { ours: b, floor: a });
  }
  return {
    name: pair.name,
    floorName: pair.floorName,
    rounds: pair.rounds,
    oursMs: median(rounds.map(({ ours }) => ours)),
    floorMs: median(rounds.map(({ floor }) => floor)),
    ratio: median(rounds.map(({ ours, floor }) => ours / floor)),
  };
}

async function timed(pair: Pair, work: Pair['ours']): Promise<number> {
  await pair.prepare?.();
  const startedMs = performance.now();
  const ms = await work();
  return typeof ms === 'number' ? ms : performance.now() - startedMs;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
