import { describe, expect, it } from 'vitest';
import { cutShort, endOf, hideDeep, hider, isHidden } from '../../fleet/mask.ts';

const hide = hider([
  'hunter22',
  'a "quoted" one',
  'line one of it\nline two of it',
  'x/y z&',
  'true',
  'abc',
  'hunter22-longer',
]);

describe('text without the values of secrets', () => {
  it.each([
    ['postgres://till:hunter22@db', 'postgres://till:(redacted)@db'],
    ['hunter22-longer', '(redacted)'],
    [JSON.stringify({ a: 'a "quoted" one' }), '{"a":"(redacted)"}'],
    [`Basic ${Buffer.from('hunter22').toString('base64')}`, 'Basic (redacted)='],
    [`?p=${encodeURIComponent('x/y z&')}`, '?p=(redacted)'],
    ['error near: line two of it', 'error near: (redacted)'],
    ['line one of it line two of it', '(redacted)'],
    ['true abc', 'true abc'],
  ])('%s', (text, shown) => {
    expect(hide(text)).toBe(shown);
  });

  it.each([12, 14, 17])('is cut without leaving a part of a value: at %i', (max) => {
    expect(hide(cutShort('password is hunter22', max))).toBe('password is …');
    expect(hide(endOf('hunter22 was the password', max + 5))).toMatch(/^…[a-z ]*the password$/);
  });

  it('is not cut when it is short', () => {
    expect(cutShort('a b', 3) + endOf('a b', 3)).toBe('a ba b');
  });

  it('leaves what is too short or says nothing by itself', () => {
    expect(['abc', 'true', 'FALSE', 'null', '1234'].map(isHidden)).toEqual([false, false, false, false, true]);
  });

  it('goes into plain data, and leaves everything else as it is', () => {
    const error = new Error('hunter22');
    expect(hideDeep({ a: ['hunter22', 1, null], hunter22: { b: 'x hunter22' }, error }, hide)).toEqual({
      a: ['(redacted)', 1, null],
      hunter22: { b: 'x (redacted)' },
      error,
    });
  });
});
