// The keys of the Compose specification, derived from its JSON schema, as `docs/compose.md` groups them.
import schema from './compose-spec.json' with { type: 'json' };

export type Group = 'Services' | 'Deploy' | 'Top level' | 'Networks' | 'Volumes' | 'Configs' | 'Secrets';

interface Schema {
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

const root: Schema & { readonly definitions: Readonly<Record<string, Schema>> } = schema;
const { definitions } = root;

/** Every key with the keys below it, as paths: `ports.host_ip`. What a user names (a network, a variable) is no part of a path. */
export const SPECIFIED: Readonly<Record<Group, readonly string[]>> = {
  Services: keysOf(definitions.service).filter((key) => !key.startsWith('deploy.')),
  Deploy: keysOf(definitions.deployment).map((key) => `deploy.${key}`),
  'Top level': keysOf({
    properties: { ...root.properties, services: {}, networks: {}, volumes: {}, configs: {}, secrets: {}, models: {} },
  }),
  Networks: keysOf(definitions.network),
  Volumes: keysOf(definitions.volume),
  Configs: keysOf(definitions.config),
  Secrets: keysOf(definitions.secret),
};

function keysOf(node: Schema | undefined, path = ''): string[] {
  if (node === undefined) throw new Error(`${path} leads nowhere`);
  const below = Object.entries(node.properties ?? {}).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return [at, ...keysOf(value, at)];
  });
  const through = [
    ...(node.$ref === undefined ? [] : [definitions[node.$ref.replace('#/definitions/', '')]]),
    ...(node.items === undefined ? [] : [node.items]),
    ...(node.oneOf ?? []),
    ...Object.entries(node.patternProperties ?? {}).flatMap(([pattern, value]) => (pattern === '^x-' ? [] : [value])),
  ];
  return [...new Set([...below, ...through.flatMap((next) => keysOf(next, path))])];
}
