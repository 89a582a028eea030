import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseDuration, parseSize } from '../../fleet/units.ts';

describe('durations', () => {
  it.each([
    ['0', 0],
    ['90s', 90e9],
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['.5s', 0.5e9],
    ['250ms', 250e6],
    ['1us', 1e3],
    ['-2ms', -2e6],
  ])('%s is read as Go reads it', (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
  });

  it.each(['', '5', '5 s', '1d', 's', '1h-30m', 'abc', '9999999h', '1'.repeat(1000)])('%s is refused', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it.each([
    [0, '0s'],
    [90e9, '1m30s'],
    [3600e9, '1h'],
    [1.5e9, '1.5s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [-2e6, '-2ms'],
  ])('%d is written as %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it('reads back what it writes', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e15 }), (ns) => parseDuration(formatDuration(ns)) === ns));
  });
});

describe('sizes', () => {
  it.each([
    ['512', 512],
    ['64m', 64 * 1024 ** 2],
    ['64M', 64 * 1024 ** 2],
    ['64MiB', 64 * 1024 ** 2],
    ['1.5GB', 1.5 * 1024 ** 3],
    ['.5k', 512],
    ['10b', 10],
    ['2 kb', 2048],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'm', '-1', '5x', '1 2', '5ib', '99999999p'])('%s is refused', (text) => {
    expect(parseSize(text)).toBeNull();
  });
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [12_340_000, '12.3 MB'],
  [3.7e9, '3.7 GB'],
  [9e15, '9000.0 TB'],
])('%d bytes are %s for people', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
