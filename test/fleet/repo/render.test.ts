import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { renderDesired } from '../../../fleet/repo/render.ts';
import { desiredOf, resolveCompose, resolveFiles, web } from './resolving.ts';

const ALL = `command: []
environment: {A: "1"}
ports: ["127.0.0.1:8080:80"]
volumes: ["data:/d", /srv:/srv:ro, ./conf:/conf, ./db:/db]
tmpfs: /run:mode=700
healthcheck: {test: curl x, interval: 90s}
stop_grace_period: 1m
configs: [motd]`;

describe('renderDesired', () => {
  it('writes what the file says, resolved, in Compose words', () => {
    const rest = 'volumes: {data: }\nconfigs: {motd: {content: hi}}\n';
    const text = stringify(renderDesired(desiredOf(resolveCompose(web(ALL, rest), { 'devices/edge-01/conf/a': 'a' }))));
    expect(text).toMatchInlineSnapshot(`
      "device: edge-01
      revision: main@sha1:0123456789012345678901234567890123456789
      apps:
        - name: edge-01
          services:
            web:
              container_name: edge-01-web-1
              image: nginx:1.27
              pull_policy: missing
              environment:
                A: "1"
              command: []
              ports:
                - host_ip: 127.0.0.1
                  target: 80
                  published: "8080"
                  protocol: tcp
              volumes:
                - type: volume
                  source: data
                  target: /d
                - type: bind
                  source: /srv
                  target: /srv
                  read_only: true
                - type: bind
                  source: devices/edge-01/conf
                  target: /conf
                  x-holdfast:
                    kind: folder
                    id: b8a51f54103b9a253ec869be417d6a84814e59d8
                - type: bind
                  source: ./db
                  target: /db
                  x-holdfast:
                    kind: data
                - type: tmpfs
                  target: /run
                  tmpfs:
                    mode: "0700"
                - type: bind
                  source: configs/motd
                  target: /motd
                  read_only: true
                  x-holdfast:
                    kind: inline
                    id: 32f95c0d1244a78b2be1bab8de17906fabb2c4a8
                    text: hi
              networks:
                default: {}
              healthcheck:
                test:
                  - CMD-SHELL
                  - curl x
                interval: 1m30s
              stop_grace_period: 1m
          networks:
            default:
              name: edge-01_default
          volumes:
            data:
              name: edge-01_data
          x-holdfast:
            drift: correct
            strategy: stop-first
            health_timeout: 1m
            rollback: true
      "
    `);
  });

  it('resolves again to the same service', () => {
    const lines = 'user: "1"\ncap_add: [A]\nhealthcheck: {test: a, retries: 2, timeout: 1500ms}\nports: ["80:80", 81]';
    const first = desiredOf(resolveCompose(web(`${lines}\nvolumes: ["data:/d:ro", "/s:/s"]`, 'volumes: {data: }\n')));
    const [app] = renderDesired(first).apps as { services: object; volumes: object }[];
    const again = desiredOf(
      resolveFiles({ 'compose.yaml': stringify({ services: app?.services, volumes: app?.volumes }) }),
    );
    expect(again).toEqual(first);
  });
});
