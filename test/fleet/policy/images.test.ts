import { describe, expect, it } from 'vitest';
import { denied, refusals } from './support.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const image = (reference: string) => ({ kind: 'image', reference }) as const;

describe('images', () => {
  it.each([
    ['nginx', ['docker.io']],
    ['nginx', ['docker.io/library']],
    ['nginx:1', ['docker.io/library/nginx']],
    ['team/app', ['index.docker.io/team']],
    ['ghcr.io/team/app:1', ['quay.io', 'ghcr.io']],
    ['registry.example.com/team/app', ['registry.example.com/team']],
    ['127.0.0.1:5000/app', ['127.0.0.1:5000']],
    [`ghcr.io/app@${DIGEST}`, ['ghcr.io']],
  ])('%s may come from %j', (reference, registries) => {
    expect(denied(image(reference), { images: { registries } })).toBe(false);
  });

  it.each([
    ['nginx', ['ghcr.io']],
    ['team/app', ['docker.io/library']],
    ['registry.example.com/teamwork/app', ['registry.example.com/team']],
    ['registry.example.com/other/team/app', ['registry.example.com/team']],
    ['ghcr.io.evil.example/app', ['ghcr.io']],
    ['evil.example/ghcr.io/app', ['ghcr.io']],
    ['ghcr.io:8443/app', ['ghcr.io']],
    ['127.0.0.1:5000/app', ['127.0.0.1']],
    [DIGEST, ['docker.io']],
  ])('%s may not come from anywhere but %j', (reference, registries) => {
    expect(denied(image(reference), { images: { registries } })).toBe(true);
  });

  it('may come from anywhere unless registries are named', () => {
    expect(denied(image('evil.example/app'))).toBe(false);
  });

  it('say what would allow them', () => {
    expect(refusals(image('quay.io/team/app:1'), { images: { registries: ['ghcr.io'] } })).toEqual([
      'services.web.x: kiosk/web runs the image quay.io/team/app:1 from quay.io, which this device does not allow | images may come from ghcr.io only; to allow it set policy.images.registries in agent.yaml: policy: { images: { registries: [quay.io] } }',
    ]);
  });

  it('need a digest where it is required', () => {
    const images = { require_digest: true };
    expect(denied(image(`nginx:1@${DIGEST}`), { images })).toBe(false);
    expect(denied(image(`nginx@${DIGEST}`), { images })).toBe(false);
    expect(refusals(image('nginx:1'), { images })).toEqual([
      'services.web.x: kiosk/web runs the image nginx:1 by its tag, which this device does not allow | whoever can push to the registry could change what runs here; name it with its digest, like nginx:1@sha256:… (policy.images.require_digest in agent.yaml)',
    ]);
  });
});
