import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowedSigners } from '../../../agent/trust/allowed-signers.ts';
import { matchesList, principalOf } from '../../../agent/trust/permission.ts';
import { KeyFileBroken, Refusal } from '../../../agent/trust/refusal.ts';
import { parseSshKey, type SshKey } from '../../../agent/trust/ssh-key.ts';
import { createRandom, type Random } from '../../fleet/reconcile/support/random.ts';
import { pooled } from './judges.ts';
import {
  type Bench,
  commitText,
  commitVerdict,
  ecdsaKey,
  ed25519Key,
  type HandKey,
  makeBench,
  signByHand,
  withSignature,
} from './signing.ts';

const KEY = ed25519Key();
const OTHER = ecdsaKey();

function sshKey(key: HandKey): SshKey {
  const parsed = parseSshKey(key.blob);
  if (parsed === null) throw new Error('not a key');
  return parsed;
}

/** The principal, null when nobody may, or what is wrong with the file. */
function ask(text: string, time = '2026-06-01T12:00:00Z'): string | null {
  try {
    const lines = parseAllowedSigners(Buffer.from(text), 'FILE');
    return principalOf(lines, sshKey(KEY), Date.parse(time), 'FILE');
  } catch (error) {
    if (error instanceof Refusal) return null;
    if (error instanceof KeyFileBroken) return error.message;
    throw error;
  }
}

describe('lines', () => {
  it.each([
    ['a plain one', `ada ${KEY.line}`, 'ada'],
    ['with a comment after the key', `ada ${KEY.line} ada's laptop`, 'ada'],
    ['blanks, comments and CRLF', `\r\n # a\n\t\n  ada\t ${KEY.line}\r\n`, 'ada'],
    ['several principals', `ada,bob ${KEY.line}`, 'ada'],
    ['a quoted principal', `"Ada Lovelace,bob" ${KEY.line}`, 'Ada Lovelace'],
    ['a wildcard', `*@example.com ${KEY.line}`, '*@example.com'],
    ['only a negation', `!bob ${KEY.line}`, null],
    ['a principal that the same line negates', `ada,!a?a ${KEY.line}`, null],
    ['a principal that another line lets in', `ada,!a?a ${KEY.line}\na* ${KEY.line}`, 'ada'],
    ['the key on several lines, the first for files', `ada namespaces="file" ${KEY.line}\nada ${KEY.line}`, 'ada'],
    [
      'the first line for files and the other for someone else',
      `ada namespaces="file" ${KEY.line}\nbob ${KEY.line}`,
      null,
    ],
    ['the first line out of date', `ada valid-before="20200101" ${KEY.line}\nbob ${KEY.line}`, 'bob'],
    ['namespaces with git', `ada namespaces="file,git" ${KEY.line}`, 'ada'],
    ['namespaces with a wildcard', `ada namespaces="g*" ${KEY.line}`, 'ada'],
    ['namespaces without git', `ada namespaces="*,!git" ${KEY.line}`, null],
    ['no namespaces', `ada namespaces="" ${KEY.line}`, null],
    ['an authority', `ada cert-authority ${KEY.line}`, null],
    ['an authority and the key itself', `ada cert-authority ${KEY.line}\nada ${KEY.line}`, 'ada'],
    ['options in capitals', `ada NameSpaces="git",VALID-AFTER="20200101Z" ${KEY.line}`, 'ada'],
    ['not valid yet', `ada valid-after="20270101Z" ${KEY.line}`, null],
    ['up to the very second', `ada valid-before="20260601120000Z" ${KEY.line}`, 'ada'],
    ['from the very second', `ada valid-after="202606011200Z" ${KEY.line}`, 'ada'],
    ['a second too long', `ada valid-before="20260601115959Z" ${KEY.line}`, null],
    ['another key', `ada ${OTHER.line}`, null],
    ['kinds of keys that are not known', `bob ssh-dss AAAAB3NzaC1kc3M=\nada ${KEY.line}`, 'ada'],
    ['nothing', '', null],
  ])('%s', (_, text, expected) => {
    expect(ask(text)).toBe(expected);
  });

  it.each([
    ['no key', 'ada', 'no principals with a key'],
    ['a key without principals', KEY.line, 'its key cannot be read'],
    ['an unknown option', `ada touch-required ${KEY.line}`, 'the option at "touch-required" is not known'],
    ['two of one option', `ada namespaces="git",namespaces="git" ${KEY.line}`, 'two namespaces options'],
    ['an option without quotes', `ada namespaces=git ${KEY.line}`, 'the option at "namespaces=git"'],
    ['a comma after the options', `ada namespaces="git", ${KEY.line}`, 'the option at'],
    ['a quote that does not end', `"ada ${KEY.line}`, 'no principals with a key'],
    ['an option that does not end', `ada namespaces="git ${KEY.line}`, 'its options or its key cannot be read'],
    ['an empty principal', `ada,,bob ${KEY.line}`, 'one of the principals is empty'],
    ['a time that is none', `ada valid-after="2026" ${KEY.line}`, '"2026" is not a time'],
    ['a day that is none', `ada valid-after="20260230" ${KEY.line}`, '"20260230" is not a time'],
    [
      'an interval without time',
      `ada valid-after="20260102Z",valid-before="20260101Z" ${KEY.line}`,
      'before it is valid',
    ],
    ['a type that its key is not of', `ada ${KEY.line.replace('ed25519', 'rsa')}`, 'of another type'],
    ['a cut key', `ada ${KEY.line.slice(0, -8)}`, 'its key cannot be read'],
    ['a NUL', `ada ${KEY.line} \0`, 'control characters'],
  ])('%s makes the whole file unusable, with its line', (_, text, why) => {
    const said = ask(`# a comment\n${text}\nada ${KEY.line}\n`);
    expect(said).toContain('FILE:2: ');
    expect(said).toContain(why);
  });

  it('a pattern full of stars is not slow', () => {
    expect(matchesList('a'.repeat(1000), `${'*a'.repeat(450)}b`)).toBe(false);
  });
});

describe('zones with summer time', () => {
  const zone = process.env.TZ;
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench();
  });
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
  afterAll(() => bench.close());

  it('limits without Z are local times', () => {
    process.env.TZ = 'Europe/Berlin';
    expect(new Date('2026-06-01T00:00:00Z').getTimezoneOffset()).toBe(-120);
    const until = `ada valid-before="202606011200" ${KEY.line}`;
    expect(ask(until, '2026-06-01T10:00:00Z')).toBe('ada');
    expect(ask(until, '2026-06-01T10:00:01Z')).toBe(null);
  });

  it('around a limit with Z, the hour in which Git is wrong is refused', async () => {
    process.env.TZ = 'Europe/Berlin';
    const until = `ada valid-before="202606011200Z" ${KEY.line}`;
    expect(ask(until, '2026-06-01T11:00:00Z')).toBe('ada');
    expect(ask(until, '2026-06-01T11:30:00Z')).toBe(null);
    const oid = await bench.store(signedAt('2026-06-01T11:30:00Z'));
    expect(await bench.gitAccepts(oid, { allowedSigners: await bench.file('until', `${until}\n`) })).toBe(false);
  });

  const QUARTER_MS = 15 * 60_000;
  /** A summer's day, a winter's day, and the two changes of each zone in 2026. */
  const DAYS = ['2026-07-01T12:00Z', '2026-01-15T12:00Z'];
  it.each([
    ['Europe/Berlin', ['2026-03-29T01:00Z', '2026-10-25T01:00Z']],
    ['Europe/Dublin', ['2026-03-29T01:00Z', '2026-10-25T01:00Z']],
    ['America/New_York', ['2026-03-08T07:00Z', '2026-11-01T06:00Z']],
    ['Australia/Lord_Howe', ['2026-04-04T15:00Z', '2026-10-03T15:30Z']],
  ])('%s: never weaker than Git around a limit', { timeout: 30_000 }, async (name, changes) => {
    process.env.TZ = name;
    const counts = { both: 0, neither: 0, stricter: 0 };
    const seeds = Array.from({ length: 100 }, (_, index) => index + 1);
    await pooled(seeds, async (seed) => {
      const random = createRandom(seed);
      const centre = Date.parse(random.pick([...DAYS, ...changes, ...changes]));
      const near = () => new Date(centre + (random.int(25) - 12) * QUARTER_MS);
      const isLocal = random.chance(0.5);
      const instant = near();
      const wall = new Date(instant.getTime() - (isLocal ? instant.getTimezoneOffset() * 60_000 : 0));
      const limit = `${wall.toISOString().replace(/\D/g, '').slice(0, 14)}${isLocal ? '' : 'Z'}`;
      const option = `${random.pick(['valid-after', 'valid-before'])}="${limit}"`;
      const raw = signedAt(near().toISOString());
      const allowedSigners = await bench.file(`zone-${seed}`, `ada ${option} ${KEY.line}\n`);
      const ours = typeof (await commitVerdict({ allowedSigners }, raw)) !== 'string';
      const git = await bench.gitAccepts(await bench.store(raw), { allowedSigners });
      if (ours) expect({ seed, option, git }).toEqual({ seed, option, git: true });
      counts[ours ? 'both' : git ? 'stricter' : 'neither'] += 1;
    });
    expect(counts.both).toBeGreaterThan(15);
    expect(counts.neither).toBeGreaterThan(15);
  });

  function signedAt(time: string): Buffer {
    const payload = commitText({ time: Date.parse(time) / 1000 });
    return withSignature(payload, signByHand(KEY, payload));
  }
});

describe('compared with Git and ssh-keygen', () => {
  const FILES = 400;
  const TIMES = ['20200101', '20300101', '20260601', '202606011200Z', '20260601120000', '20260601115959Z', '20990101Z'];
  const PRINCIPALS = [
    'ada',
    'bob',
    'a*',
    '*',
    '?da',
    '!bob',
    '!ada',
    '!*',
    'ada@example.com',
    '*@example.com',
    '"ada b"',
  ];
  let bench: Bench;
  beforeAll(async () => {
    bench = await makeBench();
  });
  afterAll(() => bench.close());

  function principals(random: Random): string {
    const some = Array.from({ length: 1 + random.int(3) }, () => random.pick(PRINCIPALS));
    return some.some((each) => each.startsWith('"'))
      ? random.pick(['"ada b"', '"ada b,bob"', '"!bob,* b"'])
      : some.join(',');
  }

  function options(random: Random): string {
    const all = [
      `namespaces="${random.pick(['git', 'file', 'git,file', '*', '*,!git', '!git', 'g?t', ''])}"`,
      `valid-after="${random.pick(TIMES)}"`,
      `valid-before="${random.pick(TIMES)}"`,
      ...(random.chance(0.2) ? ['cert-authority'] : []),
      ...(random.chance(0.08) ? ['verify-required', 'namespaces="git"'] : []),
    ];
    return random.shuffled(random.some(all)).join(',');
  }

  function line(random: Random): string {
    if (random.chance(0.1)) return random.pick(['', '# ada', '  ', '\t# x', 'bob ssh-dss AAAAB3NzaC1kc3M=']);
    if (random.chance(0.04))
      return random.pick(['ada', `ada ${KEY.line.slice(0, -6)}`, 'ada bad key', `"ada ${KEY.line}`]);
    const key = random.chance(0.75) ? KEY : OTHER;
    const given = random.chance(0.6) ? options(random) : '';
    return [
      principals(random),
      ...(given === '' ? [] : [given]),
      key.line,
      ...(random.chance(0.3) ? ['note'] : []),
    ].join(random.chance(0.9) ? ' ' : ' \t');
  }

  it(`over ${FILES} files: never weaker than Git, and equal to it when no line is broken`, {
    timeout: 60_000,
  }, async () => {
    const payload = commitText({ time: Date.parse('2026-06-01T12:00:00Z') / 1000 });
    const raw = withSignature(payload, signByHand(KEY, payload));
    const oid = await bench.store(raw);
    const seeds = Array.from({ length: FILES }, (_, index) => index + 1);
    const counts = { accepted: 0, refused: 0, broken: 0 };
    await pooled(seeds, async (seed) => {
      const random = createRandom(seed);
      const text = Array.from({ length: 1 + random.int(4) }, () => line(random)).join(
        random.chance(0.9) ? '\n' : '\r\n',
      );
      const allowedSigners = await bench.file(`allowed-${seed}`, `${text}\n`);
      const ours = await commitVerdict({ allowedSigners }, raw);
      const broken = typeof ours === 'string' && /allowed-\d+:\d+: /.test(ours);
      const git = await bench.gitAccepts(oid, { allowedSigners });
      const shown = { seed, text, ours };
      if (typeof ours !== 'string') expect({ ...shown, git }).toEqual({ ...shown, git: true });
      else if (!broken) expect({ ...shown, git }).toEqual({ ...shown, git: false });
      counts[broken ? 'broken' : git ? 'accepted' : 'refused'] += 1;
    });
    expect(counts.accepted).toBeGreaterThan(80);
    expect(counts.refused).toBeGreaterThan(80);
    expect(counts.broken).toBeGreaterThan(20);
    expect(counts.broken).toBeLessThan(FILES / 2);
  });
});
