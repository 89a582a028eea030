import { expect, it } from 'vitest';
import { authorization } from '../../../agent/git/credentials.ts';
import { reasonOf } from '../../../fleet/error.ts';
import { never, sourceOf } from './repository.ts';

const URL_ = 'https://git.example.com/fleet.git';

it.each([{ token_file: '/nonexistent/token' }, { password_file: '/nonexistent/token' }])(
  'credentials that cannot be read are AuthenticationFailed: %j',
  async (auth) => {
    const error = await authorization(new URL(URL_), auth).catch((each: unknown) => each);
    expect(reasonOf(error)).toBe('AuthenticationFailed');
    expect(String(error)).toContain('/nonexistent/token');
  },
);

it('a CA file that cannot be read is AuthenticationFailed', async () => {
  const error = await sourceOf(URL_, { caFile: '/nonexistent/ca' })
    .poll(never)
    .catch((each: unknown) => each);
  expect(reasonOf(error)).toBe('AuthenticationFailed');
  expect(String(error)).toContain('/nonexistent/ca');
});
