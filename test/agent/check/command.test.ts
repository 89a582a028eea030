// `holdfast-agent check` as a person runs it, with real Git and real signatures.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openStore } from '../../../agent/store/open-store.ts';
import { commitFiles, makeFleet, scratch } from '../git/repository.ts';
import { makeBench, signAsAlice } from '../trust/signing.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'agent', 'main.ts');
const FILES = { 'devices/edge-01/compose.yaml': 'services: { web: { image: "nginx:1" } }\n' };
const reportSchema = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({ subject: z.string(), verdict: z.string(), message: z.string(), remedy: z.string().nullable() }),
  ),
});

/** Its folder for temporary files is its own, so that what is left there shows. */
async function check(config: readonly string[], ...args: readonly string[]) {
  const root = scratch();
  const temporary = join(root, 'tmp');
  mkdirSync(temporary);
  const file = join(root, 'agent.yaml');
  writeFileSync(file, ['device: edge-01', ...config].map((line) => `${line}\n`).join(''));
  const options = { timeout: 20_000, env: { ...process.env, TMPDIR: temporary } };
  const running = promisify(execFile)(process.execPath, [MAIN, 'check', '--config', file, ...args], options);
  const out = await running.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  return { code: running.child.exitCode, out, left: readdirSync(temporary) };
}

async function findings(config: readonly string[]) {
  const { out } = await check(config, '-o', 'json');
  return new Map(reportSchema.parse(JSON.parse(out)).findings.map((finding) => [finding.subject, finding]));
}

/** An Engine that answers one question. */
async function engine(): Promise<string> {
  const socket = join(scratch(), 'docker.sock');
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ Version: '29.1.0', ApiVersion: '1.52', Os: 'linux', Arch: 'amd64' }));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  return `docker: { socket: ${socket} }`;
}

describe('the check', () => {
  it('of a healthy host says so in one line a subject, exits with 0 and leaves nothing behind', async () => {
    const { root, folder, commit } = await makeFleet(FILES);
    const stateDir = join(root, 'state');
    const given = [`state_dir: ${stateDir}`, `source: { url: 'file://${folder}' }`, await engine()];
    const { code, out, left } = await check(given);
    expect(out.split('\n')[0]).toBe(
      `ok       source   file://${folder}, main at ${commit.slice(0, 8)}, read as local repository; devices/edge-01 declares 1 app`,
    );
    expect(out.match(/^\w+ +\w+/gm)).toEqual([
      'ok       source',
      'warning  trust',
      'ok       engine',
      expect.stringMatching(/^(ok|warning) +disk/),
      'ok       secrets',
      'ok       broker',
      expect.stringMatching(/^(ok|warning) +clock/),
    ]);
    expect(code).toBe(0);
    expect(left).toEqual([]);
    expect(existsSync(stateDir)).toBe(false);
  });

  it('of a host where all is wrong reports all of it, and exits with 1', async () => {
    const root = scratch();
    writeFileSync(join(root, 'state'), 'a file');
    const { code, out, left } = await check([
      `state_dir: ${root}/state`,
      `source: { url: 'file://${root}/nothing' }`,
      `docker: { socket: ${root}/docker.sock }`,
      "mqtt: { url: 'mqtt://127.0.0.1:1' }",
    ]);
    expect(code).toBe(1);
    for (const subject of ['source', 'engine', 'disk', 'broker'])
      expect(out).toMatch(new RegExp(`^failed +${subject}`, 'm'));
    expect(left).toEqual([]);
  });

  it('names who signed, and what was applied when the ref has gone back behind it, beside an agent that runs', async () => {
    const bench = await makeBench();
    onTestFinished(() => bench.close());
    const { repository, folder, git } = bench;
    await signAsAlice(bench);
    const first = await commitFiles(repository, FILES);
    const second = await commitFiles(repository, { 'devices/edge-01/x': 'x' });
    const stateDir = join(folder, 'state');
    const store = openStore({ stateDir });
    onTestFinished(() => store.close());
    store.putApplied(`main@sha1:${second}`);
    const given = [
      `state_dir: ${stateDir}`,
      `source: { url: 'file://${repository}' }`,
      `verify: { allowed_signers: ${folder}/allowed }`,
    ];
    expect((await findings(given)).get('trust')).toMatchObject({
      verdict: 'ok',
      message: expect.stringMatching(/is signed by alice@example\.com \(SHA256:/),
    });
    await git('branch', 'old', first);
    const back = (await findings([...given.slice(0, 1), `source: { url: 'file://${repository}', ref: old }`])).get(
      'trust',
    );
    expect(back?.verdict).toBe('failed');
    expect(back?.message).toContain(
      `RollbackRejected: old at ${first.slice(0, 8)} is older than ${second.slice(0, 8)}`,
    );
    expect(back?.remedy).toContain(`holdfast-agent accept ${first}`);
  });
});
