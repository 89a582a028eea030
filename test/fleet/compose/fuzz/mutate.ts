// Good files with a few wounds: cut, doubled, moved, indented differently, numbers made huge, nasty words let in.
import fc from 'fast-check';
import type { Files } from '../../repo/tree.ts';

const GOOD = [
  `x-base: &base
  restart: unless-stopped
  logging: {driver: json-file, options: {max-size: 10m}}
services:
  web:
    <<: *base
    image: nginx:\${TAG:-1.27}
    ports: ["80:80", "8000-8010:8000-8010/udp", {target: 90, published: "9090", host_ip: 127.0.0.1}]
    environment:
      - A=1
      - "B=\${B:?needed}"
    depends_on: {db: {condition: service_healthy, restart: true}}
    volumes:
      - ./conf:/conf:ro
      - type: tmpfs
        target: /run
        tmpfs: {size: 64m, mode: 0o1777}
    healthcheck: {test: [CMD, curl, -f, localhost], interval: 1m30s, retries: 3}
    networks:
      front: {aliases: [www], ipv4_address: 10.1.0.5}
  db:
    image: postgres@sha256:0123456789012345678901234567890123456789012345678901234567890123
    command: >
      postgres -c 'max_connections=10'
      -c "log_line_prefix=%m"
    volumes: [data:/var/lib/postgresql/data]
    deploy: {resources: {limits: {cpus: "0.5", memory: 256M}}}
networks:
  front:
    ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1}]}
volumes:
  data: {driver: local, driver_opts: {type: nfs, o: "addr=10.0.0.1,rw", device: ":/x"}}
`,
  `# two documents
---
include:
  - path: b.yaml
    env_file: .env
services:
  a: &a
    extends: {file: b.yaml, service: base}
    secrets: [token, {source: token, target: /t, mode: 0400}]
    configs: [{source: motd, target: /etc/motd}]
    sysctls: {net.core.somaxconn: 1024}
    ulimits: {nproc: 65535, nofile: {soft: 1, hard: 2}}
    gpus: all
  b:
    image: a
    network_mode: "service:a"
    ports: !reset []
    profiles: [debug]
---
configs: {motd: {content: "hi \${A}\\n"}}
secrets: {token: {file: ./token}}
`,
  `services:\r\n  web:\r\n    image: a\r\n    labels:\r\n      - "traefik.http.routers.a.rule=Host(\`a.b\`)"\r\n    tty: yes\r\n`,
];
const OTHER = 'services:\n  base:\n    image: base\n    command: [a, "$$b"]\n    tmpfs: /tmp\n';
const ENV = `A=1\nB='two # not a comment'\nexport C="three\\n\${A}"\n# comment\nD = four # comment\nTAG\n`;
const TOKENS = [
  ...[
    '&a ',
    '*a',
    '<<: *base',
    '!reset ',
    '!override ',
    '!!binary ',
    '? ',
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '|',
    '>-',
    '"',
    "'",
    '#',
    '%YAML 1.1\n',
    '---\n',
    '...\n',
    '\t',
  ],
  ...[
    '${',
    '}',
    '$',
    '$$',
    '${A:-',
    '${A:?',
    '\0',
    '\ufeff',
    '\u2028',
    '\u001b[2J',
    '\ud800',
    '\r',
    '\n',
    '\n\n    ',
    '💥',
    '__proto__: ',
    'constructor: ',
    'null',
    '~',
    '.inf',
    '-1',
    '1e999',
  ],
  ...[
    '1-65535:1-65535',
    '99999999999999999999',
    '9223372036854775808g',
    '../../../',
    '/etc/passwd',
    'service:web',
    'services:',
    'x-a: ',
    'extends: web',
    'include: [compose.yaml]',
  ],
];

const wound = fc.record({
  at: fc.nat(),
  length: fc.oneof(fc.nat(4), fc.nat(120)),
  kind: fc.constantFrom('cut', 'double', 'insert', 'insert', 'insert', 'move', 'indent', 'repeat'),
  token: fc.constantFrom(...TOKENS),
});

function wounded(text: string, wounds: readonly { at: number; length: number; kind: string; token: string }[]): string {
  return wounds.reduce((now, { at: where, length, kind, token }) => {
    const at = where % (now.length + 1);
    const [before, part, after] = [now.slice(0, at), now.slice(at, at + length), now.slice(at + length)];
    switch (kind) {
      case 'cut':
        return before + after;
      case 'double':
        return before + part + part + after;
      case 'move':
        return part + before + after;
      case 'indent':
        return `${before}${part.replaceAll('\n', '\n  ')}${after}`;
      case 'repeat':
        return before + token.repeat(length) + part + after;
      default:
        return before + token + part + after;
    }
  }, text);
}

const some = fc.array(wound, { maxLength: 6 });

export const mutated: fc.Arbitrary<Files> = fc
  .tuple(fc.constantFrom(...GOOD), some, some, some, fc.boolean())
  .map(([good, main, other, env, quiet]) => ({
    'compose.yaml': wounded(good, main),
    'b.yaml': quiet ? OTHER : wounded(OTHER, other),
    '.env': quiet ? ENV : wounded(ENV, env),
    token: 'secret',
    'conf/a': 'a',
  }));
