import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseImage, repositoryOf } from '../../fleet/image-reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('an image reference', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx', 'latest', undefined],
    ['nginx:1.27', 'docker.io/library/nginx', '1.27', undefined],
    ['library/nginx', 'docker.io/library/nginx', 'latest', undefined],
    ['team/app:2', 'docker.io/team/app', '2', undefined],
    ['docker.io/nginx', 'docker.io/library/nginx', 'latest', undefined],
    ['index.docker.io/team/app', 'docker.io/team/app', 'latest', undefined],
    ['ghcr.io/team/app', 'ghcr.io/team/app', 'latest', undefined],
    ['localhost/app', 'localhost/app', 'latest', undefined],
    ['localhost:5000/app:1', 'localhost:5000/app', '1', undefined],
    ['127.0.0.1:5000/a/b/c:1', '127.0.0.1:5000/a/b/c', '1', undefined],
    ['[::1]:5000/app', '[::1]:5000/app', 'latest', undefined],
    ['Registry/app', 'registry/app', 'latest', undefined],
    [`nginx@${DIGEST}`, 'docker.io/library/nginx', undefined, DIGEST],
    [`ghcr.io/team/app:1@${DIGEST}`, 'ghcr.io/team/app', '1', DIGEST],
  ])('%s is %s', (text, repository, tag, digest) => {
    const image = parseImage(text);
    expect(image === null ? null : repositoryOf(image)).toBe(repository);
    expect(image?.tag).toBe(tag);
    expect(image?.digest).toBe(digest);
  });

  it.each([DIGEST, 'a'.repeat(64), '', ':1', 'nginx:', `@${DIGEST}`, 'nginx@sha256:12'])('is none: %s', (text) => {
    expect(parseImage(text)).toBeNull();
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseImage(text)));
  });
});
