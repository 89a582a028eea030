import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../agent/trust/refusal.ts';
import { parseCommit, parseTag } from '../../../agent/trust/signed-object.ts';

const TREE = `tree ${'1'.repeat(40)}\n`;
const OTHER_TREE = `tree ${'2'.repeat(40)}\n`;
const PARENT = `parent ${'3'.repeat(40)}\n`;
const AUTHOR = 'author Ada <ada@example.com> 1780000000 +0200\n';
const COMMITTER = 'committer Bob <bob@example.com> 1780000001 -0330\n';
const SIGNATURE = 'gpgsig one\n two\n \n three\n';

function read(text: string) {
  try {
    return parseCommit(Buffer.from(text, 'latin1'));
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

describe('a commit', () => {
  it('is split into payload, signature and time, byte for byte', () => {
    const before = `${TREE}${PARENT}${PARENT}${AUTHOR}${COMMITTER}encoding ISO-8859-1\n`;
    const after = `HG:extra x\nmergetag object a\n tag b\n \n c\nmergetag object d\n\nGr\xfc\xdfe\r\n\n\ngpgsig not this\n`;
    expect(read(`${before}${SIGNATURE}${after}`)).toEqual({
      payload: Buffer.from(`${before}${after}`, 'latin1'),
      signature: 'one\ntwo\n\nthree\n',
      signedAtS: 1_780_000_001,
    });
  });

  it.each([
    ['without a tree', `${AUTHOR}${COMMITTER}${SIGNATURE}\n`, 'begin with its tree'],
    ['with a tree that is none', `tree ${'g'.repeat(40)}\n${AUTHOR}${COMMITTER}${SIGNATURE}\n`, 'its tree line'],
    ['with a tree of SHA-256', `tree ${'1'.repeat(64)}\n${AUTHOR}${COMMITTER}${SIGNATURE}\n`, 'its tree line'],
    ['with two trees', `${TREE}${OTHER_TREE}${AUTHOR}${COMMITTER}${SIGNATURE}\n`, 'no author where'],
    [
      'with a tree after its committer',
      `${TREE}${AUTHOR}${COMMITTER}${SIGNATURE}${OTHER_TREE}\n`,
      'another "tree" line',
    ],
    [
      'with a tree between two signatures',
      `${TREE}${AUTHOR}${COMMITTER}${SIGNATURE}${OTHER_TREE}${SIGNATURE}\n`,
      '"tree" line',
    ],
    ['with a parent after its author', `${TREE}${AUTHOR}${PARENT}${COMMITTER}${SIGNATURE}\n`, 'no committer where'],
    ['with a parent after its committer', `${TREE}${AUTHOR}${COMMITTER}${PARENT}${SIGNATURE}\n`, 'another "parent"'],
    ['with two authors', `${TREE}${AUTHOR}${AUTHOR}${COMMITTER}${SIGNATURE}\n`, 'no committer where'],
    ['with two committers', `${TREE}${AUTHOR}${COMMITTER}${COMMITTER}${SIGNATURE}\n`, 'another "committer"'],
    ['with its committer first', `${TREE}${COMMITTER}${AUTHOR}${SIGNATURE}\n`, 'no author where'],
    ['with two signatures', `${TREE}${AUTHOR}${COMMITTER}${SIGNATURE}${SIGNATURE}\n`, 'two "gpgsig" headers'],
    ['with a signature before its author', `${TREE}${SIGNATURE}${AUTHOR}${COMMITTER}\n`, 'no author where'],
    [
      'with a SHA-256 signature',
      `${TREE}${AUTHOR}${COMMITTER}gpgsig-sha256 x\n${SIGNATURE}\n`,
      '"gpgsig-sha256" header',
    ],
    [
      'with a header that Git takes for one',
      `${TREE}${AUTHOR}${COMMITTER}gpgsignature x\n${SIGNATURE}\n`,
      '"gpgsignature"',
    ],
    ['with two of a header', `${TREE}${AUTHOR}${COMMITTER}x a\nx b\n${SIGNATURE}\n`, 'two "x" headers'],
    ['with two encodings', `${TREE}${AUTHOR}${COMMITTER}encoding a\nencoding b\n${SIGNATURE}\n`, 'two "encoding"'],
    ['with a continued committer', `${TREE}${AUTHOR}${COMMITTER} x\n${SIGNATURE}\n`, 'continues a header'],
    ['with a header without a name', `${TREE}${AUTHOR}${COMMITTER}\tx\n${SIGNATURE}\n`, 'has no name'],
    ['with NUL in a header', `${TREE}${AUTHOR}${COMMITTER}x \0\n${SIGNATURE}\n`, 'NUL'],
    ['with NUL in its message', `${TREE}${AUTHOR}${COMMITTER}${SIGNATURE}\nx\0y\n`, 'NUL'],
    ['with CRLF', `${TREE}${AUTHOR}${COMMITTER}${SIGNATURE}\n`.replaceAll('\n', '\r\n'), 'headers do not end'],
    ['with CR in its committer', `${TREE}${AUTHOR}committer B\rob <b> 1 +0000\n${SIGNATURE}\n`, 'its committer line'],
    ['without an end of headers', `${TREE}${AUTHOR}${COMMITTER}${SIGNATURE}`, 'headers do not end'],
    ['with two dates', `${TREE}${AUTHOR}committer B <b> 1 +0000> 2 +0000\n${SIGNATURE}\n`, 'its committer line'],
    ['without a date', `${TREE}${AUTHOR}committer B <b>\n${SIGNATURE}\n`, 'its committer line'],
    [
      'with a date of the far future',
      `${TREE}${AUTHOR}committer B <b> 999999999999 +0000\n${SIGNATURE}\n`,
      'date cannot be read',
    ],
    ['with a negative date', `${TREE}${AUTHOR}committer B <b> -1 +0000\n${SIGNATURE}\n`, 'its committer line'],
    ['with a huge signature', `${TREE}${AUTHOR}${COMMITTER}gpgsig ${'x'.repeat(70_000)}\n\n`, 'over 65536 bytes'],
    ['without a signature', `${TREE}${AUTHOR}${COMMITTER}\ngpgsig x\n`, 'is not signed'],
    ['of nothing', '', 'headers do not end'],
  ])('%s is refused', (_, text, why) => {
    expect(read(text)).toContain(why);
  });
});

describe('a tag', () => {
  const HEADERS = `object ${'1'.repeat(40)}\ntype commit\ntag v1\ntagger Ada <ada@example.com> 1780000000 +0200\n`;

  it('is split at its signature, which is at the start of a line', () => {
    const payload = `${HEADERS}\nFirst -----BEGIN SSH SIGNATURE-----\n`;
    const signature = '-----BEGIN SSH SIGNATURE-----\nx\n-----END SSH SIGNATURE-----\n';
    expect(parseTag(Buffer.from(`${payload}${signature}`))).toEqual({
      payload: Buffer.from(payload),
      signature,
      signedAtS: 1_780_000_000,
      commit: '1'.repeat(40),
      name: 'v1',
    });
  });

  it.each([
    ['without a tagger', HEADERS.replace(/tagger.*\n/, ''), 'its headers are not'],
    ['with its headers in another order', HEADERS.replace(/(type.*\n)(tag.*\n)/, '$2$1'), 'its headers are not'],
    ['of two objects', `object ${'2'.repeat(40)}\n${HEADERS}`, 'its headers are not'],
    ['with an object that is none', HEADERS.replace('1111', 'xxxx'), 'the id of its object'],
    ['of a tree', HEADERS.replace('type commit', 'type tree'), 'points to a tree'],
    ['with a signature in its headers', `${HEADERS}gpgsig x\n`, 'more headers'],
  ])('%s is refused', (_, headers, why) => {
    expect(() => parseTag(Buffer.from(`${headers}\nFirst\n-----BEGIN SSH SIGNATURE-----\n`))).toThrow(why);
  });
});
