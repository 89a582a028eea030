// What runs, and with which surroundings.

import { type ImageDefinition, loadImages } from '../../../../scripts/images.ts';
import { docker, dockerOk, engineSocket } from '../../../support/engine.ts';
import { inspect, lookAlike } from '../by-hand.ts';
import { altered, type Deviation, deviation } from './deviation.ts';

const SECOND = 1e9;
const TEST = ['CMD-SHELL', 'true'];
const check = (setting: object) => ({
  Config: {
    Healthcheck: { Test: TEST, Interval: SECOND, Timeout: 2 * SECOND, Retries: 3, StartPeriod: SECOND / 2, ...setting },
  },
});
const checked = {
  healthcheck: { test: 'true', interval: '1s', timeout: '2s', retries: 3, start_period: '500ms' },
};
const post = (call: string) => (container: string) => dockerOk('POST', `/containers/${container}/${call}`);

/** Busybox once more, under a reference that leads to other platforms for a while. */
export const PLATFORM: ImageDefinition = {
  reference: 'holdfast/platform:1',
  config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
  files: {},
  architecture: 'amd64',
};

export function process(id: string): readonly Deviation[] {
  return [
    altered('image', { Config: { Image: 'holdfast/busybox:2' } }, 'image', [
      'holdfast/busybox:1',
      'holdfast/busybox:2',
    ]),
    deviation(
      'image-by-id',
      {
        how: 'look-alike with the image by its id',
        act: async (container) => lookAlike(container, { Config: { Image: (await inspect(container)).Image } }),
        field: 'image',
        values: ['holdfast/busybox:1', /^sha256:[0-9a-f]{64}$/],
        declared: {},
      },
      null,
    ),
    deviation(
      'container_name',
      {
        how: 'rename',
        act: post(`rename?name=mine-${id}`),
        field: 'container_name',
        values: [`one-${id}`, `mine-${id}`],
      },
      ['rename-container'],
    ),
    altered('command', { Config: { Cmd: ['sleep', '99999'] } }, 'command', [
      ['sleep', '100000'],
      ['sleep', '99999'],
    ]),
    altered('entrypoint', { Config: { Entrypoint: ['/bin/sleep'] } }, 'entrypoint', [['sleep'], ['/bin/sleep']]),
    altered(
      'environment',
      { Config: { Env: ['TZ=Europe/Berlin', 'N=1'] } },
      'environment.TZ',
      ['UTC', 'Europe/Berlin'],
      { environment: { TZ: 'UTC', N: 1 } },
    ),
    altered('environment-gone', { Config: { Env: ['N=1'] } }, 'environment.TZ', ['UTC', null], {
      environment: { TZ: 'UTC', N: 1 },
    }),
    altered('environment-empty', { Config: { Env: ['EMPTY=full'] } }, 'environment.EMPTY', ['', 'full'], {
      environment: { EMPTY: '' },
    }),
    altered('env_file', { Config: { Env: ['WHO=me'] } }, 'environment.WHO', ['one', 'me']),
    altered('user', { Config: { User: '0' } }, 'user', ['1000:1000', '0']),
    altered('group_add', { HostConfig: { GroupAdd: ['1000'] } }, 'group_add', [['1000', '1001'], ['1000']]),
    altered('working_dir', { Config: { WorkingDir: '/etc' } }, 'working_dir', ['/tmp', '/etc']),
    altered('hostname', { Config: { Hostname: 'mine' } }, 'hostname', ['till-1', 'mine']),
    altered('domainname', { Config: { Domainname: 'mine.example' } }, 'domainname', ['a.example', 'mine.example']),
    altered('healthcheck', check({ Test: ['CMD-SHELL', 'exit 0'] }), 'healthcheck.test', [
      TEST,
      ['CMD-SHELL', 'exit 0'],
    ]),
    altered('healthcheck-off', { Config: { Healthcheck: { Test: ['NONE'] } } }, 'healthcheck.test', [TEST, ['NONE']], {
      healthcheck: { test: 'true' },
    }),
    altered(
      'healthcheck-interval',
      check({ Interval: 9 * SECOND }),
      'healthcheck.interval',
      [SECOND, 9 * SECOND],
      checked,
    ),
    altered(
      'healthcheck-timeout',
      check({ Timeout: 9 * SECOND }),
      'healthcheck.timeout',
      [2 * SECOND, 9 * SECOND],
      checked,
    ),
    altered('healthcheck-retries', check({ Retries: 9 }), 'healthcheck.retries', [3, 9], checked),
    altered(
      'healthcheck-start',
      check({ StartPeriod: 9 * SECOND }),
      'healthcheck.start_period',
      [SECOND / 2, 9 * SECOND],
      checked,
    ),
    altered(
      'logging',
      { HostConfig: { LogConfig: { Type: 'json-file', Config: { 'max-size': '9m' } } } },
      'logging.options.max-size',
      ['1m', '9m'],
    ),
    altered('logging-driver', { HostConfig: { LogConfig: { Type: 'json-file', Config: {} } } }, 'logging.driver', [
      'none',
      'json-file',
    ]),
    altered('runtime', { HostConfig: { Runtime: 'runc' } }, 'runtime', ['io.containerd.runc.v2', 'runc']),
    altered('init', { HostConfig: { Init: false } }, 'init', [true, false]),
    altered('init-null', { HostConfig: { Init: null } }, 'init', [true, false], { init: true }),
    altered('tty', { Config: { Tty: false } }, 'tty', [true, false]),
    altered('stdin_open', { Config: { OpenStdin: false } }, 'stdin_open', [true, false]),
    altered('stop_grace_period', { Config: { StopTimeout: 5 } }, 'stop_grace_period', [90, 5]),
    altered('stop_signal', { Config: { StopSignal: 'SIGTERM' } }, 'stop_signal', ['SIGKILL', 'SIGTERM']),
    deviation(
      'labels',
      {
        how: 'look-alike with another label',
        act: async (container) =>
          lookAlike(container, { Config: { Labels: { ...(await inspect(container)).Config.Labels, b: '9' } } }),
        field: 'labels.b',
        values: ['2', '9'],
      },
      null,
    ),
    deviation(
      'labels-gone',
      {
        how: 'look-alike without a label',
        act: async (container) => {
          const { b: _, ...others } = (await inspect(container)).Config.Labels ?? {};
          await lookAlike(container, { Config: { Labels: others } });
        },
        field: 'labels.b',
        values: ['2', null],
        declared: { labels: { a: '1', b: '2' } },
      },
      null,
    ),
    deviation(
      'platform',
      {
        how: 'look-alike with an image of another platform',
        act: async (container) => {
          await loadImages(engineSocket(), [{ ...PLATFORM, architecture: 'arm64' }]);
          await lookAlike(container, {});
          await loadImages(engineSocket(), [PLATFORM]);
        },
        field: 'platform',
        values: ['linux/amd64', 'linux/arm64'],
        declared: { image: PLATFORM.reference, platform: 'linux/amd64' },
      },
      null,
    ),
    ...STATES,
  ];
}

const STATES: readonly Deviation[] = [
  deviation(
    'stopped',
    { how: 'stop', act: post('stop'), field: 'state', values: ['running', 'exited (137)'], declared: {} },
    ['start-container'],
  ),
  deviation(
    'killed',
    { how: 'kill', act: post('kill'), field: 'state', values: ['running', 'exited (137)'], declared: {} },
    ['start-container'],
  ),
  deviation(
    'paused',
    { how: 'pause', act: post('pause'), field: 'state', values: ['running', 'paused'], declared: {} },
    ['unpause-container'],
  ),
  deviation(
    'removed',
    {
      how: 'rm -f',
      act: (container) => docker('DELETE', `/containers/${container}?force=1`),
      kind: 'missing',
      field: null,
      values: ['running', null],
      declared: {},
    },
    null,
  ),
];
