// deploy: of what the specification describes for clusters, the limits have a meaning on one Engine.
import { numberOf, type Reader, readKeys, readSize, wordReader } from '../read.ts';
import { wrong } from '../report.ts';

export interface Limits {
  readonly memory?: number;
  readonly cpus?: number;
}

export const readCpus: Reader<number> = (node, where) => {
  const cpus = numberOf(node);
  if (cpus !== null && cpus >= 0 && cpus <= MAX_CPUS) return cpus;
  return wrong(where, node.at, 'value', 'has to be a number of CPUs', 'write it like 0.5 or 2');
};

/** More than any host has. */
const MAX_CPUS = 4096;

const NOT_YET = {
  endpoint_mode: '',
  labels: 'use the labels of the service',
  placement: '',
  restart_policy: 'use restart',
  rollback_config: 'use rollback in device.yaml',
  update_config: 'use strategy in device.yaml',
};

/** Only one container runs of a service. */
const readReplicas: Reader<number> = (node, where) => {
  if (numberOf(node) === 1) return 1;
  return wrong(where, node.at, 'unsupported-value', 'only 1 is supported yet', 'write one service for each container');
};

export const readDeploy: Reader<Limits> = (node, where) => {
  const deploy = readKeys<{ resources: Limits; replicas: number; mode: 'replicated' }>(
    node,
    where,
    { resources: readResources, replicas: readReplicas, mode: wordReader(['replicated']) },
    NOT_YET,
  );
  return deploy?.resources;
};

const readResources: Reader<Limits> = (node, where) => {
  const limits: Reader<Limits> = (inner, at) =>
    readKeys<{ memory: number; cpus: number }>(inner, at, { memory: readSize, cpus: readCpus }, { pids: '' });
  const hint = 'an Engine reserves nothing: use limits';
  return readKeys<{ limits: Limits }>(node, where, { limits }, { reservations: hint })?.limits;
};
