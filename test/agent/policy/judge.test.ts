import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJudge } from '../../../agent/policy/judge.ts';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import type { AskWhat } from '../../../fleet/model/ask.ts';
import { askOf } from '../../fleet/policy/support.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/machine.ts';

const signal = new AbortController().signal;
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const bind = (source: string): AskWhat => ({ kind: 'bind', source });

/** Of asks under a policy: what is refused; empty: nothing is. */
async function refusal(policy: object, ...asks: readonly AskWhat[]): Promise<string> {
  const config = agentConfigSchema.parse({ device: 'edge-01', source: { url: 'x' }, policy });
  const judge = createJudge(config, null);
  const located = asks.map((ask) => askOf(ask));
  const message = await judge.admit(located, new Map(), signal).then(
    () => '',
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'PolicyDenied' });
      return (error as Error).message;
    },
  );
  expect((await judge.denied(located)).size > 0).toBe(message !== '');
  return message;
}

describe('a judge', () => {
  it('names everything that is refused at once', async () => {
    const said = await refusal({}, { kind: 'privileged' }, bind('/etc'), {
      kind: 'sysctl',
      name: 'net.core.somaxconn',
    });
    expect(said.match(/policy: \{/g)).toHaveLength(3);
  });

  it('goes by where links of an allowed folder lead', async () => {
    const data = join(folder.path, 'data');
    await mkdir(data);
    await symlink('/etc', join(data, 'escape'));
    const policy = { binds: [data] };
    expect(await refusal(policy, bind(join(data, 'inner')))).toBe('');
    expect(await refusal(policy, bind(join(data, 'escape')))).toContain(
      `mounts /etc of the host (through the link ${data}/escape)`,
    );
    expect(await refusal(policy, bind(join(data, 'escape/not/there/yet')))).toContain('mounts /etc/not/there/yet');
    expect(await refusal({ binds: [data, '/etc'] }, bind(join(data, 'escape')))).toBe('');
  });

  it('sees the socket of the Engine behind a link', async () => {
    await symlink('/run', join(folder.path, 'here'));
    expect(await refusal({ binds: ['/'] }, bind(join(folder.path, 'here')))).toContain(
      'policy: { docker_socket: true }',
    );
  });

  it('lets the owner name a link', async () => {
    const [real, link] = [join(folder.path, 'disk'), join(folder.path, 'data')];
    await mkdir(real);
    await symlink(real, link);
    expect(await refusal({ binds: [link] }, bind(join(link, 'x')))).toBe('');
    expect(await refusal({ binds: [link] }, bind(join(real, 'x')))).toBe('');
  });

  it('shows no secret of the line that it refuses', async () => {
    const config = agentConfigSchema.parse({ device: 'edge-01', source: { url: 'x' } });
    const ask = askOf({ kind: 'privileged' });
    const text = '  web: { privileged: true, environment: { DB_PASSWORD: hunter2 } }';
    const place = { ...ask.place, column: 10, source: { text, length: 10 } };
    const error: unknown = await createJudge(config, null)
      .admit([{ ...ask, place }], new Map(), signal)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('wants to be privileged');
    expect(String(error)).not.toContain('hunter2');
  });
});
