// Files of the format: real ones, made by sops, and ours, there and back; and what is wrong with files that were touched.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { armor, Decrypter } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SecretFile } from '../../../fleet/model/secret-file.ts';
import { formatOf, parsePlain } from '../../../fleet/sops/format.ts';
import type { Rule } from '../../../fleet/sops/metadata.ts';
import { openSealed } from '../../../fleet/sops/open.ts';
import { tameRegex } from '../../../fleet/sops/rules.ts';
import { sealTree } from '../../../fleet/sops/seal.ts';
import { readSealed, type Sealed } from '../../../fleet/sops/sealed.ts';
import { placeholderFile, secretFile } from '../../../fleet/sops/secret-file.ts';
import { formatFloat } from '../../../fleet/sops/text.ts';
import { LAST_MODIFIED, sealedText } from '../../support/sops.ts';

/** Published with the files that they open; they open nothing else. */
const PUBLISHED = [
  'AGE-SECRET-KEY-1EQUCGFZH8UZKSZ0Z5N5T234YRNDT4U9H7QNYXWRRNJYDDVXE6FWSCPGNJ7',
  'AGE-SECRET-KEY-1NJT5YCS2LWU4V4QAJQ6R4JNU7LXPDX602DZ9NUFANVU5GDTGUWCQ5T59M6',
  'AGE-SECRET-KEY-1U2W28TTH2KSRD0K0J36U93S2C5UW4RXRYGGQ8NPGCDG7RKFCT5SQEKNGQK',
];
const KEY = new Uint8Array(32);

function realText(name: string): string {
  return readFileSync(join(import.meta.dirname, 'real', name), 'utf8');
}

async function openReal(name: string, text = realText(name)): Promise<SecretFile> {
  const sealed = readSealed(name, Buffer.from(text));
  if (sealed.kind === 'closed') return sealed;
  const decrypter = new Decrypter();
  for (const key of PUBLISHED) decrypter.addIdentity(key);
  const key = await decrypter.decrypt(armor.decode(sealed.value.metadata.age[0]?.enc ?? ''));
  return opened(sealed.value, key);
}

function opened(sealed: Sealed, key: Uint8Array): SecretFile {
  const open = openSealed(sealed, key);
  return open.kind === 'closed' ? open : secretFile(sealed.format, open.value);
}

function open(path: string, text: string, key = KEY): SecretFile {
  const sealed = readSealed(path, Buffer.from(text));
  return sealed.kind === 'closed' ? sealed : opened(sealed.value, key);
}

function valuesOf(file: SecretFile): Record<string, string> {
  if (file.kind === 'closed') throw new Error(file.what);
  return Object.fromEntries([...file.values].map(([name, { text }]) => [name, text]));
}

function wholeOf(file: SecretFile): string {
  if (file.kind === 'closed') throw new Error(file.what);
  return Buffer.from(file.whole, 'base64').toString();
}

describe('files that sops wrote', () => {
  it.each<[string, Record<string, string>]>([
    [
      'types.yaml',
      {
        hello: 'Welcome to SOPS! Edit this file as you please!',
        example_key: 'example_value',
        'example_array.0': 'example_value1',
        'example_array.1': 'example_value2',
        example_number: '1234.56789',
        'example_booleans.0': 'true',
        'example_booleans.1': 'false',
      },
    ],
    [
      'mac-only.yaml',
      {
        a_encrypted: 'xxx',
        'b_unencrypted.a': 'aaa',
        'b_unencrypted.b.0': '123',
        'b_unencrypted.b.1': '456',
        c_encrypted: 'xxx',
        d_unencrypted: 'aaa',
      },
    ],
    ['regex.yaml', { 'a.encrypted_1.a': 'xxx', 'a.encrypted_1.b': 'xxx', 'a.not_encrypted': 'aaa', b: 'aaa' }],
    [
      'shared.yaml',
      { test_key: 'test_value', 'a_list.0': 'e1', 'a_list.1': 'e3', 'nested.test.file': 'another value' },
    ],
    ['plain.env', { THIS_IS_ENCRYPTED: 'yes' }],
    ['plain.json', { this: 'is encrypted' }],
    ['plain.bin', { data: 'binary-secret\n' }],
  ])('%s opens', async (name, values) => {
    expect(valuesOf(await openReal(name))).toEqual(values);
  });

  it('say which values they hold in the clear', async () => {
    const file = await openReal('regex.yaml');
    expect(file.kind === 'open' && file.values.get('a.encrypted_1.a')?.encrypted).toBe(true);
    expect(file.kind === 'open' && file.values.get('b')?.encrypted).toBe(false);
  });

  it('are as they were before they were encrypted', async () => {
    expect(wholeOf(await openReal('plain.bin'))).toBe('binary-secret\n');
    expect(wholeOf(await openReal('plain.env'))).toBe('THIS_IS_ENCRYPTED=yes\n');
    expect(wholeOf(await openReal('regex.yaml'))).toBe(
      'a:\n    encrypted_1:\n        a: xxx\n        b: xxx\n    not_encrypted: aaa\nb: aaa\n',
    );
  });

  it('do not open when a value in the clear was changed', async () => {
    const text = realText('regex.yaml').replace('not_encrypted: aaa', 'not_encrypted: bbb');
    expect(await openReal('regex.yaml', text)).toMatchObject({ kind: 'closed', what: /MAC/ });
  });
});

const YAML = `# for the till
db:
    password: "hunter2 \\u2603"
    port: 5432
    ratio: 0.5
    on: true
    none: null
    empty: ""
    since: 2024-05-06T07:08:09Z
list:
    - one
    # between
    - two: three
key: |
    -----BEGIN-----
    abc
    -----END-----
site_unencrypted: berlin
`;

describe('files of our own', () => {
  it.each([
    ['a.sops.yaml', YAML],
    ['a.json', '{"b": {"x": [1, -2.5, true, null, "t\\n"]}, "2": "two", "1": "one"}'],
    ['a.env', '# why\nA=1\nB="quoted"\nC=two\\nlines\nEMPTY=\n'],
    ['a.bin', 'any\nthing'],
  ])('%s: there and back, with nothing in sight', (path, plain) => {
    const text = sealedText(path, plain, {});
    for (const secret of ['hunter2', '5432', 'three', 'BEGIN', 'till', 'between', 'quoted', 'thing']) {
      if (plain.includes(secret)) expect(text).not.toContain(secret);
    }
    const file = open(path, text);
    expect(parsePlain(formatOf(path), Buffer.from(wholeOf(file)))).toEqual(
      parsePlain(formatOf(path), Buffer.from(plain)),
    );
  });

  it('keep the text of what did not change, and only that', () => {
    const before = sealedText('a.yaml', YAML, {});
    const sealed = readSealed('a.yaml', Buffer.from(before));
    if (sealed.kind === 'closed') throw new Error(sealed.what);
    const plain = openSealed(sealed.value, KEY);
    if (plain.kind === 'closed') throw new Error(plain.what);
    const after = sealedText('a.yaml', YAML.replace('5432', '5433'), { ivs: plain.value.ivs });
    const changed = after.split('\n').filter((line) => !before.split('\n').includes(line));
    expect(changed.map((line) => line.trim().split(':')[0])).toEqual(['port', 'mac']);
  });

  it.each<[Rule, string[]]>([
    [{ kind: 'unencrypted_suffix', text: '_unencrypted' }, ['site_unencrypted']],
    [{ kind: 'encrypted_suffix', text: 'word' }, ['db.port', 'site_unencrypted']],
    [{ kind: 'encrypted_regex', text: '^(password|key)$' }, ['db.port', 'site_unencrypted']],
    [{ kind: 'unencrypted_regex', text: '^site' }, ['site_unencrypted']],
  ])('follow %o', (rule, clear) => {
    for (const macOnlyEncrypted of [false, true]) {
      const file = open('a.yaml', sealedText('a.yaml', YAML, { rule, macOnlyEncrypted }));
      expect(valuesOf(file)).toMatchObject({ 'db.password': 'hunter2 ☃', site_unencrypted: 'berlin' });
      const encrypted = file.kind === 'open' ? file.values : new Map();
      expect(clear.map((name) => encrypted.get(name)?.encrypted)).toEqual(clear.map(() => false));
      expect(encrypted.get('db.password')?.encrypted).toBe(true);
    }
  });

  it('hold any names and values', () => {
    const key = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((text) => /^[^\0\r\n=#]+$/u.test(text));
    const text = fc.string({ unit: 'grapheme-composite', maxLength: 30 });
    const value = fc.letrec((tie) => ({
      node: fc.oneof({ depthSize: 'small' }, tie('leaf'), fc.array(tie('leaf'), { maxLength: 3 }), tie('map')),
      leaf: fc.oneof(
        text,
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
      ),
      map: fc.dictionary(key, tie('node'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value.node, { maxKeys: 5 }), (data) => {
        const plain = JSON.stringify(data);
        const inYaml = open('a.yaml', sealedText('a.yaml', plain, {}));
        const inJson = open('a.json', sealedText('a.json', plain, {}));
        expect(inYaml).toMatchObject({ kind: 'open' });
        expect(JSON.parse(wholeOf(inJson))).toEqual(JSON.parse(plain));
        expect(Object.values(valuesOf(inYaml))).toEqual(Object.values(valuesOf(inJson)));
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it('hold bytes that are no text', () => {
    const bytes = randomBytes(500);
    const file = open('a.bin', sealedText('a.bin', bytes, {}));
    expect(file.kind === 'open' && Buffer.from(file.whole, 'base64').equals(bytes)).toBe(true);
  });

  it('have values of an environment file without their quotes, and nothing expanded', () => {
    const file = open('a.env', sealedText('a.env', 'A="x $HOME y"\nB=\'z\'\nC="', {}));
    expect(valuesOf(file)).toEqual({ A: 'x $HOME y', B: 'z', C: '"' });
  });
});

describe('a file that was touched', () => {
  const sealed = sealedText('a.yaml', 'a: secret-a\nb: secret-b\nc_unencrypted: open\n', {});
  const [a = '', b = '', c = ''] = sealed.split('\n');
  const value = (line: string) => line.slice(line.indexOf(' ') + 1);

  it.each<[string, string, RegExp]>([
    [
      'a changed value',
      sealed.replace(/data:(.)/, (_, first) => `data:${first === 'A' ? 'B' : 'A'}`),
      /a was changed or moved/,
    ],
    ['swapped values', sealed.replace(a, `a: ${value(b)}`).replace(b, `b: ${value(a)}`), /a was changed or moved/],
    ['a renamed key', sealed.replace(/^a:/, 'z:'), /z was changed or moved/],
    ['a removed value', sealed.replace(`${b}\n`, ''), /its MAC is wrong/],
    ['values in another order', sealed.replace(`${a}\n${b}`, `${b}\n${a}`), /its MAC is wrong/],
    ['an added value', sealed.replace(c, `${c}\nd_unencrypted: new`), /its MAC is wrong/],
    ['a value put in the clear', sealed.replace(value(a), 'secret-a'), /in the clear although/],
    ['another time', sealed.replace(LAST_MODIFIED, '2026-01-02T03:04:06Z'), /sops.mac was changed/],
    ['no MAC', sealed.replace(/ +mac: .*\n/, ''), /no MAC/],
    ['a cut value', sealed.replace(/,tag:[^,]*/, ''), /cut short/],
    ['a cut file', sealed.slice(0, sealed.indexOf('lastmodified')), /lastmodified/],
    ['no sops part', 'a: b\n', /no "sops" part/],
    ['a document more', `${sealed}---\na: b\n`, /more than one/],
    ['no YAML', 'a: [', /not YAML/],
    ['a key twice', `a: b\n${sealed}`, /twice/],
    ['nothing', '', /no "sops" part/],
    ['several key groups', sealed.replace(/sops:\n/, 'sops:\n    key_groups: [{age: []}, {age: []}]\n'), /groups/],
    ['two rules', sealed.replace(/sops:\n/, 'sops:\n    encrypted_suffix: x\n'), /both/],
    ['too deep', `a: ${'['.repeat(100)}${']'.repeat(100)}\n`, /deep/],
    ['too many values', `a: [${'1,'.repeat(24_000)}]\n`, /more than|too large/],
  ])('%s stays closed, and says why', (_, text, what) => {
    const file = open('a.yaml', text);
    expect(file).toMatchObject({ kind: 'closed', what: expect.stringMatching(what) });
    expect(file.kind === 'closed' && file.hint).not.toBe('');
    expect(JSON.stringify(file)).not.toContain('secret-');
  });

  it('does not open with another key', () => {
    expect(open('a.yaml', sealed, randomBytes(32))).toMatchObject({ kind: 'closed', what: /a was changed/ });
    expect(open('a.yaml', sealed, randomBytes(16))).toMatchObject({ kind: 'closed', what: /wrong length/ });
  });

  it('is never an exception, whatever it holds', () => {
    const texts = [sealed, sealedText('a.env', 'A=1\n', {}), sealedText('a.json', '{"a":1}', {})];
    const names = ['a.yaml', 'a.env', 'a.json', 'a.bin'];
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.constantFrom(...names),
        fc.nat(),
        fc.nat(40),
        fc.string({ unit: 'binary', maxLength: 12 }),
        (text, name, at, cut, put) => {
          const start = at % text.length;
          const touched = text.slice(0, start) + put + text.slice(start + cut);
          expect(['open', 'closed']).toContain(open(name, touched).kind);
        },
      ),
      { seed: 11, numRuns: 1500 },
    );
  });
});

describe('a file without an identity', () => {
  it('has its names, and placeholders of the same type', () => {
    const file = placeholderFile('a.yaml', Buffer.from(sealedText('a.yaml', YAML, {})));
    expect(valuesOf(file)).toMatchObject({
      'db.password': '(redacted)',
      'db.port': '1',
      'db.on': 'true',
      site_unencrypted: 'berlin',
    });
    expect(file.kind === 'open' && file.values.get('db.password')?.encrypted).toBe(true);
  });
});

it.each([
  ['^(data|stringData)$', true],
  ['(?i)pass', true],
  ['(a+)+$', false],
  ['a*b*c*d', false],
  ['(?P<x>a)', false],
  ['[', false],
])('a regex is asked only when it cannot run away: %s', (text, tame) => {
  expect(tameRegex(text) !== null).toBe(tame);
});

it.each([
  [1e21, '1000000000000000000000'],
  [1.5e-7, '0.00000015'],
  [-12.25, '-12.25'],
  [123456789012345680000, '123456789012345680000'],
  [-0, '-0'],
])('%d is spelled as Go does', (value, text) => {
  expect(formatFloat(value)).toBe(text);
});

it('a tree that a rule cannot judge is not sealed', () => {
  const rule: Rule = { kind: 'encrypted_comment_regex', text: 'secret' };
  const given = {
    key: KEY,
    age: [],
    rule,
    macOnlyEncrypted: false,
    lastmodified: LAST_MODIFIED,
    newIv: () => randomBytes(32),
  };
  expect(sealTree('yaml', parsePlain('yaml', Buffer.from('a: b')), given)).toMatchObject({ kind: 'closed' });
});
