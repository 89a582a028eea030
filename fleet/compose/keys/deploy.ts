// deploy: of what the specification describes for clusters, what has a meaning on one Engine.
import type { DeviceRequest } from '../../model/service.ts';
import { isNull } from '../node.ts';
import { type Located, locatedReader, type Reader, readKeys } from '../read.ts';
import { below, doubtful, shown, wrong } from '../report.ts';
import { integerReader, readOptionalText, readSize } from '../scalars.ts';
import { readDeviceRequests } from './devices.ts';
import { readCpus, readPids } from './limits.ts';
import { DEPLOY_IGNORED, RESERVATIONS_IGNORED, RESTART_POLICY_IGNORED } from './unsupported.ts';

/** Each limit with its place; all absent: nothing is limited. */
export interface Limits {
  readonly memory?: Located<number>;
  readonly cpus?: Located<number>;
  readonly pids?: Located<number>;
}

export interface Reservations {
  readonly memory?: Located<number>;
  readonly devices?: readonly Located<DeviceRequest>[];
}

export interface Deploy {
  readonly replicas?: Located<number>;
  /** As the service's `restart`. */
  readonly restart?: Located<string>;
  readonly limits?: Limits;
  readonly reservations?: Reservations;
}

/** Most containers of one service. */
export const MAX_REPLICAS = 100;

export const readReplicas: Reader<Located<number>> = locatedReader(integerReader(0, MAX_REPLICAS));

interface Resources {
  limits: Limits;
  reservations: Reservations;
}

export const readDeploy: Reader<Deploy> = (node, where) => {
  const deploy = readKeys<{
    resources: Partial<Resources>;
    replicas: Located<number>;
    mode: Mode;
    restart_policy: Located<string>;
  }>(
    node,
    where,
    { resources: readResources, replicas: readReplicas, mode: readMode, restart_policy: readRestartPolicy },
    DEPLOY_IGNORED,
  );
  if (deploy === undefined) return undefined;
  const { resources, replicas, mode, restart_policy } = deploy;
  return {
    ...(mode === 'global' || replicas === undefined ? {} : { replicas }),
    ...(restart_policy === undefined ? {} : { restart: restart_policy }),
    ...resources,
  };
};

type Mode = 'replicated' | 'global';

/** One Engine is the whole cluster: global is one container. */
const readMode: Reader<Mode> = (node, where) => {
  const mode = readOptionalText(node, where);
  if (mode === undefined || mode === 'replicated') return mode;
  const known = mode === 'global' || mode === 'replicated-job' || mode === 'global-job';
  const what = known ? `${mode} has no meaning on one Engine` : `"${shown(mode)}" is not a mode`;
  const hint = mode.endsWith('-job')
    ? 'write restart: "no" for what runs once'
    : 'remove it: one container is run, or as many as replicas says';
  doubtful(where, node.at, 'ignored-key', what, hint);
  return mode.startsWith('global') ? 'global' : 'replicated';
};

const readResources: Reader<Partial<Resources>> = (node, where) =>
  readKeys<Resources>(node, where, {
    limits: (inner, at) =>
      readKeys<Required<Limits>>(inner, at, {
        memory: locatedReader(readSize),
        cpus: locatedReader(readCpus),
        pids: locatedReader(readPids),
      }),
    reservations: (inner, at) =>
      readKeys<Required<Reservations>>(
        inner,
        at,
        { memory: locatedReader(readSize), devices: readDeviceRequests },
        RESERVATIONS_IGNORED,
      ),
  });

const CONDITIONS: Readonly<Record<string, string>> = {
  none: 'no',
  'on-failure': 'on-failure',
  any: 'always',
  always: 'always',
  'unless-stopped': 'unless-stopped',
};

/** The words of clusters to those of one Engine. */
const readRestartPolicy: Reader<Located<string>> = (node, where) => {
  const fields = readKeys<{ condition: string; max_attempts: number }>(
    node,
    where,
    { condition: readOptionalText, max_attempts: integerReader(0, 9999) },
    RESTART_POLICY_IGNORED,
  );
  if (fields === undefined || node.kind !== 'map') return undefined;
  const { condition = 'any', max_attempts = 0 } = fields;
  const restart = CONDITIONS[condition];
  const at = node.entries.get('condition')?.value.at ?? node.at;
  if (restart === undefined) {
    return wrong(
      below(where, 'condition'),
      at,
      'value',
      `"${shown(condition)}" is not a condition`,
      'write none, on-failure or any',
    );
  }
  const entry = node.entries.get('max_attempts');
  if (restart === 'on-failure') return { value: max_attempts > 0 ? `on-failure:${max_attempts}` : restart, at };
  if (entry !== undefined && !isNull(entry.value) && max_attempts > 0) {
    const path = below(where, 'max_attempts');
    doubtful(path, entry.keyAt, 'ignored-key', 'counts only with condition: on-failure', 'remove it');
  }
  return { value: restart, at };
};
