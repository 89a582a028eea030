// What fleets do, as data: how often each thing happens to a device, and to the fleet as a whole.

export const MISCHIEF = ['malformed', 'oversized', 'schema', 'foreign', 'duplicate', 'late', 'twin', 'poison'] as const;
/** One way of saying what nobody should: see `mischief.ts`. */
export type Mischief = (typeof MISCHIEF)[number];

export interface Profile {
  readonly what: string;
  /** The first boots are spread over this; 0: as fast as the broker takes them. */
  readonly bootOverS: number;
  /** How often it happens to one device, on average. */
  readonly perHour: {
    /** A status with news in it. */
    readonly report: number;
    readonly drift: number;
    /** It cannot follow Git for a while, or runs badly. */
    readonly trouble: number;
    /** The link breaks: the broker publishes the will. */
    readonly loseLink: number;
    /** Says goodbye, boots anew. */
    readonly reboot: number;
    /** Comes back with its state lost, as another instance. */
    readonly reimage: number;
    readonly mischief: number;
  };
  /** How long it lasts, on average. */
  readonly lastsS: { readonly drift: number; readonly trouble: number; readonly outage: number };
  /** A commit for everybody; `overS`: until the last device has seen it; `failing`: share that rolls back. */
  readonly rollout: {
    readonly everyS: number;
    readonly overS: number;
    readonly applyS: number;
    readonly failing: number;
  } | null;
  /** A share of the fleet loses its links at once, and comes back within `overS`. */
  readonly blackout: { readonly everyS: number; readonly share: number; readonly overS: number } | null;
  /** Share of devices whose clock is wrong: some minutes, or 1970. */
  readonly skewed: number;
  readonly mischief: readonly Mischief[];
}

const STEADY: Profile = {
  what: 'a healthy fleet: some drift, few lost links, a commit now and then',
  bootOverS: 10,
  perHour: { report: 4, drift: 0.5, trouble: 0.1, loseLink: 0.2, reboot: 0.02, reimage: 0, mischief: 0 },
  lastsS: { drift: 20, trouble: 120, outage: 60 },
  rollout: { everyS: 600, overS: 60, applyS: 15, failing: 0.01 },
  blackout: null,
  skewed: 0,
  mischief: [],
};

/** Nothing but boots, and reports as often as `--rate` says: to fill a broker, and to measure. */
const PLAIN: Profile = {
  ...STEADY,
  what: 'boots, then reports only: to fill a broker or to measure at a fixed rate',
  bootOverS: 0,
  perHour: { report: 0, drift: 0, trouble: 0, loseLink: 0, reboot: 0, reimage: 0, mischief: 0 },
  rollout: null,
};

export const PROFILES = {
  steady: STEADY,
  plain: PLAIN,
  rollout: {
    ...STEADY,
    what: 'a commit for everybody every two minutes, of which one device in thirty rolls back',
    rollout: { everyS: 120, overS: 45, applyS: 20, failing: 0.03 },
  },
  storm: {
    ...STEADY,
    what: 'half of the fleet loses its links at once, every minute, and comes back within ten seconds',
    blackout: { everyS: 60, share: 0.5, overS: 10 },
  },
  flaky: {
    ...STEADY,
    what: 'bad radio and bad power: links break every few minutes, devices reboot, drift often',
    perHour: { report: 20, drift: 10, trouble: 4, loseLink: 20, reboot: 3, reimage: 0.2, mischief: 0 },
    lastsS: { drift: 15, trouble: 40, outage: 15 },
    skewed: 0.02,
  },
  hostile: {
    ...STEADY,
    what: 'malformed, oversized, unknown, late, repeated and foreign messages, clashing ids, wrong clocks',
    perHour: { report: 20, drift: 10, trouble: 4, loseLink: 4, reboot: 2, reimage: 2, mischief: 120 },
    skewed: 0.1,
    mischief: MISCHIEF,
  },
} as const satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof PROFILES;

/** The profile with this many reports a second by the whole fleet. */
export function atRate(profile: Profile, devices: number, rate: number | undefined): Profile {
  if (rate === undefined) return profile;
  return { ...profile, perHour: { ...profile.perHour, report: (rate * 3600) / devices } };
}
