// The names under which Compose looks for a project's file, the preferred one first.

export const COMPOSE_NAMES: readonly string[] = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yaml',
  'docker-compose.yml',
];

/** Compose merges these without being asked; Holdfast reads what device.yaml names. */
export const OVERRIDE_NAMES: readonly string[] = COMPOSE_NAMES.map((name) =>
  name.replace(/\.(ya?ml)$/, '.override.$1'),
);
