// Words that images' configurations have in common.
import type { ImageConfig } from '../../../../../scripts/images.ts';

export type Configs = Readonly<Record<string, ImageConfig>>;

export const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
export const SECOND = 1e9;
/** Real images look every 30 or 60 seconds, which nobody wants to wait for here. Each look is a process that the Engine starts. */
export const EVERY = 4 * SECOND;
export const ENTRY = 'docker-entrypoint.sh';

export const ports = (...list: string[]) => ({
  ExposedPorts: Object.fromEntries(list.map((port) => [port.includes('/') ? port : `${port}/tcp`, {}])),
});
export const volumes = (...list: string[]) => ({ Volumes: Object.fromEntries(list.map((path) => [path, {}])) });
export const oci = (title: string, version: string) => ({
  Labels: {
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.source': `https://github.com/example/${title}`,
  },
});
export const shell = (test: string, more: object = {}) => ({ Healthcheck: { Test: ['CMD-SHELL', test], ...more } });
/** LinuxServer.io: an init of its own, no user, one volume. */
export const linuxserver = (title: string, ...exposed: string[]): ImageConfig => ({
  Env: [
    'PATH=/lsiopy/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOME=/root',
    'TERM=xterm',
    'S6_CMD_WAIT_FOR_SERVICES_MAXTIME=0',
    'VIRTUAL_ENV=/lsiopy',
  ],
  Entrypoint: ['/init'],
  WorkingDir: '/',
  Labels: { maintainer: 'thespad', build_version: `Linuxserver.io version: ${title}` },
  ...ports(...exposed),
  ...volumes('/config'),
});
export const node = (version: string) => [PATH, `NODE_VERSION=${version}`, 'YARN_VERSION=1.22.22'];
