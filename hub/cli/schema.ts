// `holdfast schema [NAME]`: JSON Schemas (draft 7, which YAML editors read) of the files that people write.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { agentConfigSchema } from '../../fleet/config/agent.ts';
import { messageOf } from '../../fleet/error.ts';
import { DEVICE_SCHEMA, FLEET_SCHEMA } from '../../fleet/repo/schema.ts';
import { hubConfigSchema } from '../config.ts';
import { CliError, type ExitCode, type Io } from './io.ts';
import { AGENT_DESCRIPTIONS, type Descriptions, HUB_DESCRIPTIONS } from './schema/descriptions.ts';
import { safe } from './text.ts';

export const SCHEMA_NAMES = ['device', 'fleet', 'agent', 'hub'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** With `--write` to files, otherwise one to stdout; without a name, all of them, or what there is. */
export async function schema(io: Io, name: string | undefined, { write }: { write?: string }): Promise<ExitCode> {
  const found = SCHEMA_NAMES.find((each) => each === name);
  if (name !== undefined && found === undefined)
    throw new CliError(`there is no schema "${safe(name)}"; there are ${SCHEMA_NAMES.join(', ')}`);
  if (write !== undefined) await writeSchemas(io, found === undefined ? SCHEMA_NAMES : [found], write);
  else io.out(found === undefined ? LIST : schemaText(found));
  return 0;
}

const LIST = `device   devices/<id>/device.yaml of a fleet repository
fleet    fleet.yaml of a fleet repository
agent    agent.yaml of holdfast-agent
hub      hub.yaml of holdfast hub

holdfast schema NAME              prints one
holdfast schema --write FOLDER    writes all of them, as NAME.schema.json

Editors with a YAML language server take the first line of a file:
  # yaml-language-server: $schema=FOLDER/device.schema.json
`;

async function writeSchemas(io: Io, names: readonly SchemaName[], folder: string): Promise<void> {
  for (const name of names) {
    const path = join(folder, `${name}.schema.json`);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(path, schemaText(name));
    } catch (error) {
      throw new CliError(`cannot write ${path}: ${messageOf(error, path)}`);
    }
    io.out(`${path}\n`);
  }
}

export function schemaText(name: SchemaName): string {
  return `${JSON.stringify({ $schema: DRAFT, title: `Holdfast ${name}.yaml`, ...SCHEMAS[name]() }, null, 2)}\n`;
}

const SCHEMAS: { readonly [K in SchemaName]: () => object } = {
  device: () => DEVICE_SCHEMA,
  fleet: () => FLEET_SCHEMA,
  agent: () => {
    const { required = [], ...rest } = fromZod(agentConfigSchema, AGENT_DESCRIPTIONS);
    // Without `device` in the file, the host's name is taken.
    return { ...rest, required: required.filter((key) => key !== 'device') };
  },
  hub: () => fromZod(hubConfigSchema, HUB_DESCRIPTIONS),
};

interface JsonSchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** Of a map with names of one's own, and of a list. */
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

function fromZod(type: z.ZodType, descriptions: Descriptions): JsonSchema {
  return described(z.toJSONSchema(type, { target: 'draft-7', io: 'input' }) as JsonSchema, '', descriptions);
}

function described(schema: JsonSchema, path: string, descriptions: Descriptions): JsonSchema {
  const text = descriptions[path];
  const properties = Object.entries(schema.properties ?? {}).map(([key, inner]) => {
    return [key, described(inner, path === '' ? key : `${path}.${key}`, descriptions)] as const;
  });
  return {
    ...(text === undefined ? {} : { description: text }),
    ...schema,
    ...(typeof schema.additionalProperties !== 'object'
      ? {}
      : { additionalProperties: described(schema.additionalProperties, `${path}.*`, descriptions) }),
    ...(schema.items === undefined ? {} : { items: described(schema.items, `${path}.*`, descriptions) }),
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
  };
}
