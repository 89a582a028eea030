import { describe, expect, it } from 'vitest';
import { agentConfigSchema } from '../../../fleet/config/agent.ts';
import { type ConfigInput, readConfig } from '../../../fleet/config/read.ts';

const MINIMAL = 'device: edge-01\nsource: { url: "https://git.example.com/fleet.git" }\n';

function read(text: string, more: Partial<ConfigInput> = {}) {
  return readConfig(agentConfigSchema, { file: { name: 'agent.yaml', text }, env: {}, prefix: 'HOLDFAST_', ...more });
}

function faults(text: string, more: Partial<ConfigInput> = {}): string {
  try {
    read(text, more);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was wrong');
}

describe('a configuration', () => {
  it('needs only source.url', () => {
    expect(read(MINIMAL)).toMatchObject({
      fleet: 'default',
      state_dir: '/var/lib/holdfast',
      source: { ref: 'main', interval: 60_000, timeout: 60_000, allow_http: false },
      docker: { socket: '/var/run/docker.sock' },
      policy: { docker_socket: false, binds: [] },
      limits: { source_bytes: 64 * 1024 * 1024, steps: 1000, deletes: 20 },
    });
  });

  it('takes variables over the file, and flags over variables', () => {
    const env = { HOLDFAST_SOURCE__REF: 'live', HOLDFAST_LIMITS__DELETES: '3', HOLDFAST_SOURCE__ALLOW_HTTP: 'true' };
    expect(read(MINIMAL, { env })).toMatchObject({ source: { ref: 'live', allow_http: true }, limits: { deletes: 3 } });
    expect(read(MINIMAL, { env, flags: [{ path: ['source', 'ref'], value: 'flag' }] }).source.ref).toBe('flag');
  });

  it('leaves the variables of other programs alone', () => {
    const env = { HOLDFAST_HUB_HTTP__PORT: '80', HOLDFAST_HUB: 'http://x', OTHER: 'y' };
    expect(read(MINIMAL, { env, except: 'HOLDFAST_HUB' }).device).toBe('edge-01');
  });

  it('takes defaults only where nothing else speaks', () => {
    const defaults = { device: 'from-host' };
    expect(read('source: { url: x }\n', { defaults }).device).toBe('from-host');
    expect(read(MINIMAL, { defaults }).device).toBe('edge-01');
  });

  it('reports every fault with its place', () => {
    expect(
      faults('device: Edge 01\nsource:\n  url: x\n  intervall: 5s\n  timeout: soon\nlimits: { deletes: -1 }\n'),
    ).toBe(
      [
        'agent.yaml:1:9: device: lower-case letters, digits and dashes, 63 at most, not starting with a dash',
        '    device: Edge 01',
        '            ^^^^',
        'agent.yaml:5:12: source.timeout: "soon" is not a duration; write one like 90s, 5m or 1h30m',
        '    timeout: soon',
        '             ^^^^',
        'agent.yaml:4:3: source.intervall: unknown key; known here: url, ref, path, interval, timeout, auth, ca_file, cert_file, key_file, allow_http',
        '    intervall: 5s',
        '    ^^^^^^^^^',
        'agent.yaml:6:20: limits.deletes: Too small: expected number to be >=0',
        '    limits: { deletes: -1 }',
        '                       ^^',
      ].join('\n'),
    );
  });

  it('names the variable that is wrong', () => {
    expect(faults(MINIMAL, { env: { HOLDFAST_SOURCE__INTERVAL: 'often' } })).toBe(
      'HOLDFAST_SOURCE__INTERVAL: "often" is not a duration; write one like 90s, 5m or 1h30m',
    );
  });

  it.each([
    ['interval', '720h', 'write 1s to 24h'],
    ['interval', '500ms', 'write 1s to 24h'],
    ['timeout', '2h', 'write 1s to 1h'],
  ])('bounds source.%s: %s', (key, text, message) => {
    expect(faults(`device: a\nsource: { url: x, ${key}: ${text} }\n`)).toContain(
      `"${text}" is out of range; ${message}`,
    );
  });

  it('reads lists and maps from variables', () => {
    const env = { HOLDFAST_POLICY__BINDS: '[/srv, "/a b"]', HOLDFAST_LIMITS: '{ steps: 7 }' };
    expect(read(MINIMAL, { env })).toMatchObject({ policy: { binds: ['/srv', '/a b'] }, limits: { steps: 7 } });
    expect(faults(MINIMAL, { env: { HOLDFAST_POLICY__BINDS: '[1]' } })).toMatch(/^HOLDFAST_POLICY__BINDS: /);
    expect(faults(MINIMAL, { env: { HOLDFAST_POLICY__BINDS: '[/srv' } })).toMatch(/^HOLDFAST_POLICY__BINDS: /);
  });

  it('takes digits for text where text is wanted', () => {
    const env = { HOLDFAST_DEVICE: '042', HOLDFAST_SOURCE__REF: 'true', HOLDFAST_LIMITS__STEPS: '9' };
    expect(read(MINIMAL, { env })).toMatchObject({ device: '042', source: { ref: 'true' }, limits: { steps: 9 } });
    expect(faults(MINIMAL, { env: { HOLDFAST_LIMITS__STEPS: '0' } })).toContain('Too small');
  });

  it('does not pass over a variable that it does not know', () => {
    expect(faults(MINIMAL, { env: { HOLDFAST_SUORCE__URL: 'x' } })).toMatch(
      /^HOLDFAST_SUORCE: unknown key|suorce: unknown key/,
    );
  });

  it.each([
    ['verify: {}', /verify: name allowed_signers, openpgp_keyring or both/],
    ['verify: { allowed_signers: /etc/signers, mode: all }', /verify\.mode: .*tip.*every/],
  ])('does not take trust that is named by half: %s', (text, said) => {
    expect(faults(`${MINIMAL}${text}\n`)).toMatch(said);
  });

  it('wants files that belong together', () => {
    const source = (more: string) => `device: edge-01\nsource: { url: "ssh://git@host/x", ${more} }\n`;
    expect(faults(source('auth: { ssh_key_file: /k }'))).toMatch(/source\.auth: .*known_hosts_file/);
    expect(faults(source('cert_file: /c'))).toMatch(/source: cert_file and key_file belong together/);
  });

  it.each(['policy: { privileged: true }', 'policy: { devices: [/dev/video0] }'])(
    'refuses what it could only pretend to do: %s',
    (text) => {
      expect(faults(`${MINIMAL}${text}\n`)).toMatch(/this version/);
    },
  );

  it('says where YAML breaks', () => {
    expect(faults('device: [edge\n')).toMatch(/^agent\.yaml:\d+:\d+: /);
  });

  it('never takes a key for a prototype', () => {
    expect(faults(`${MINIMAL}__proto__: { polluted: true }\n`)).toContain('__proto__: unknown key');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
