import { describe, expect, it } from 'vitest';
import { type Diagnostic, formatDiagnostic } from '../../fleet/diagnostic.ts';
import { withoutSecrets } from '../../fleet/without-secrets.ts';
import { resolveFiles } from './repo/resolving.ts';

function at(text: string, meant: string, more: Partial<Diagnostic> = {}): Diagnostic {
  return {
    severity: 'error',
    file: 'devices/edge-01/compose.yaml',
    line: 3,
    column: text.indexOf(meant) + 1,
    code: 'value',
    message: 'services.web.x: wrong',
    source: { text, length: meant.length },
    ...more,
  };
}

function lines(diagnostic: Diagnostic): string[] {
  return formatDiagnostic(withoutSecrets(diagnostic)).split('\n').slice(1);
}

describe('a diagnostic that leaves the device', () => {
  it.each<[string, string, string, string]>([
    ['      DB_PASSWORD: [hunter2]', '[hunter2]', '    DB_PASSWORD: (redacted)', '                 ^^^^^^^^^^'],
    ['      - DB_PASSWORD=hunter2 $', '$', '    - DB_PASSWORD=(redacted)', '                  ^^^^^^^^^^'],
    [
      'environment: {A: 1, "api_key": hunter2}',
      'A',
      '    environment: {A: 1, "api_key": (redacted)',
      '                  ^',
    ],
    [
      'command: app --password hunter2 && x',
      '&',
      '    command: app --password (redacted) && x',
      '                            ^^^^^^^^^^',
    ],
    ['URL: postgres://u:hunter2@db/x', 'URL', '    URL: postgres://u:(redacted)@db/x', '    ^^^'],
    ['prots: ["80:80"]', 'prots', '    prots: ["80:80"]', '    ^^^^^'],
  ])('shows of %s no value that its key calls secret', (text, meant, line, caret) => {
    expect(lines(at(text, meant))).toEqual([line, caret]);
  });

  it.each(['.env', 'devices/edge-01/db.env', 'devices/edge-01/variables'])('shows no value of %s at all', (file) => {
    expect(lines(at('TZ=Europe/${Berlin', '${', { file }))[0]).toBe('    TZ=(redacted)');
    expect(lines(at('what is hunter2', 'what', { file }))[0]).toBe('    (redacted)');
  });

  it('shows nothing of a line whose key stands elsewhere', () => {
    const message = 'services.web.environment.DB_PASSWORD: variable "hunter2" is not set';
    expect(formatDiagnostic(withoutSecrets(at('  hunter2 ${X', '${X', { message })))).not.toContain('hunter2');
  });

  it('quotes no secret in what it says', () => {
    const said = withoutSecrets(
      at('      DB_PASSWORD: 12e2', '12e2', {
        message: 'services.web.environment.DB_PASSWORD: 12e2 is the number 1200, not "a"b"',
        hint: 'to keep it as written, write "12e2"',
      }),
    );
    expect(said.message).toBe(
      'services.web.environment.DB_PASSWORD: (redacted) is the number (redacted) not "(redacted)"',
    );
    expect(said.hint).toBe('to keep it as written, write "(redacted)"');
  });

  it('of an app that is named like a secret still says what is wrong', () => {
    const fine = at('    image: Nginx', 'Nginx', { message: 'services.auth.image: "Nginx" is not an image reference' });
    expect(withoutSecrets(fine)).toEqual(fine);
  });

  it('does not hold the values of files that the reader finds at fault', () => {
    const resolution = resolveFiles({
      'compose.yaml':
        'services:\n  web:\n    image: i\n    environment:\n      DB_PASSWORD: [hunter2]\n      KEY: ${hunter2\n    env_file: x.env\n',
      'x.env': 'TZ="hunter2\nhunter2 hunter2\n',
    });
    if (resolution.kind !== 'invalid') throw new Error('nothing was wrong');
    expect(resolution.diagnostics.map(formatDiagnostic).join('\n')).toContain('[hunter2]');
    const secret = resolution.diagnostics.filter(({ source }) => !source?.text.includes('KEY: '));
    expect(secret.length).toBeGreaterThan(1);
    expect(secret.map(withoutSecrets).map(formatDiagnostic).join('\n')).not.toContain('hunter2');
  });
});

describe('where files speak of secrets', () => {
  const said = (deviceYaml: string) => {
    const resolution = resolveFiles({ 'device.yaml': deviceYaml, 'compose.yaml': 'services: { web: { image: i } }\n' });
    if (resolution.kind !== 'invalid') throw new Error('nothing was wrong');
    return resolution.diagnostics.map(withoutSecrets).map(formatDiagnostic).join('\n');
  };

  it('names of files stay readable', () => {
    const text = said(
      'apps: [{ name: a, compose: compose.yaml, secrets: till2.sops.yaml, env: { PASSWORD: hunter2 } }]\n',
    );
    expect(text).toContain('apps.a.secrets[0]: devices/edge-01/till2.sops.yaml is not in Git');
    expect(text).toContain('secrets: till2.sops.yaml');
    expect(text).not.toContain('hunter2');
  });

  it('a private key in the place of a public one is not repeated', () => {
    const text = said('secrets: { recipient: AGE-SECRET-KEY-1QQPPZ }\napps: [{ name: a, compose: compose.yaml }]\n');
    expect(text).toContain('secrets.recipient: this is a private key, which must not be in Git');
    expect(text).not.toContain('QQPPZ');
  });
});
