// Keys of the Compose specification that are not read, on purpose: what one Engine, or a device without a person in front
// of it, has no use for. A text refuses the key and says what to do instead; the rest only warns.
import type { Ignored, Unsupported } from '../read.ts';

const CLUSTER = 'only concerns a cluster, and a device is one Engine';
const WINDOWS = 'only concerns Windows';
const REMOVE = 'remove it';

function ignored(what: string, hint: string = REMOVE): Ignored {
  return { what, hint };
}

export const SERVICE_NOT_YET: Unsupported = {
  extends: 'list both files under "compose" in device.yaml, or use a YAML anchor with <<',
  label_file: 'use labels',
  profiles: 'list the files that a device needs under "compose" in device.yaml',
  provider: 'run what the provider stands for as a service with an image',
  attach: ignored('only concerns the terminal of "docker compose up"'),
  cpu_count: ignored(WINDOWS, 'use cpus'),
  cpu_percent: ignored(WINDOWS, 'use cpus'),
  credential_spec: ignored(WINDOWS),
  develop: ignored("only concerns a developer's machine"),
  isolation: ignored(WINDOWS),
  models: ignored('devices run no models beside containers', 'run the model in a service of its own'),
  pull_refresh_after: ignored('images are pulled when Git names another one', 'name a tag or a digest with image:'),
};

export const TOP_NOT_YET: Unsupported = {
  include: 'list the files under "compose" in device.yaml',
  models: ignored('devices run no models beside containers', 'run the model in a service of its own'),
};

export const CONFIG_NOT_YET: Unsupported = {
  labels: ignored('a config is a file here and has no labels'),
  template_driver: ignored(CLUSTER),
};

export const DEPLOY_IGNORED: Unsupported = {
  endpoint_mode: ignored(CLUSTER),
  labels: ignored('are labels of a cluster, not of the container', 'use the labels of the service'),
  placement: ignored(CLUSTER, 'give the app only to the devices that are to run it'),
  rollback_config: ignored(CLUSTER),
  update_config: ignored(CLUSTER),
};

export const RESERVATIONS_IGNORED: Unsupported = {
  cpus: ignored('an Engine reserves no CPUs', 'use cpu_shares or limits'),
  generic_resources: ignored(CLUSTER, 'use devices'),
};

export const RESTART_POLICY_IGNORED: Unsupported = {
  delay: ignored('the Engine has delays of its own'),
  window: ignored('the Engine has no such window'),
};

/** Of a volume of a service in long form. */
export const MOUNT_VOLUME_IGNORED: Unsupported = {
  labels: ignored('an anonymous volume gets no labels', 'declare the volume at the top level and label it there'),
};
