import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { messageOf } from '../../fleet/error.ts';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

it('what the system says of a file is said in words, and the file is named once', () => {
  const gone = thrownBy(() => readFileSync('/nowhere/x.yaml'));
  expect(messageOf(gone)).toBe('/nowhere/x.yaml: there is no such file or folder');
  expect(messageOf(gone, '/nowhere/x.yaml')).toBe('there is no such file or folder');
  expect(messageOf(Object.assign(new Error('EACCES: …'), { code: 'EACCES', path: '/x' }))).toBe(
    '/x: permission denied',
  );
});

it('everything else speaks for itself', () => {
  expect(messageOf(new Error('one'))).toBe('one');
  expect(messageOf('two')).toBe('two');
  expect(messageOf(Object.assign(new Error('three'), { code: 'constructor', path: '/x' }))).toBe('three');
});
