// Compose projects by the specification's grammar: every key of every part, mostly with values of the right kind, now
// and then with any other. Written as YAML, with a second file and variables that they may refer to.
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Files } from '../../repo/tree.ts';
import { SERVICE } from './service.ts';
import { any, entries, flag, listOf, mapOf, name, number, oneOf, pairs, text, words } from './values.ts';

const external = oneOf(flag, entries({ name }));
const network = entries({
  name,
  driver: words('bridge', 'overlay', 'macvlan', ''),
  driver_opts: pairs,
  attachable: flag,
  enable_ipv4: flag,
  enable_ipv6: flag,
  external,
  internal: flag,
  labels: pairs,
  ipam: entries({
    driver: name,
    options: pairs,
    config: listOf(
      entries({
        subnet: words('10.0.0.0/24', 'fd00::/64', 'x'),
        ip_range: words('10.0.0.128/25', 'x'),
        gateway: words('10.0.0.1', 'x'),
        aux_addresses: pairs,
      }),
    ),
  }),
});
const volume = entries({ name, driver: words('local', ''), driver_opts: pairs, external, labels: pairs });
const content = entries({
  name,
  file: words('./b.yaml', 'b.env', '../../x', ''),
  content: text,
  environment: words('A', 'B'),
  external,
  labels: pairs,
  driver: name,
  driver_opts: pairs,
  template_driver: name,
});
const services = mapOf(entries(SERVICE, 7));
const includes = listOf(
  oneOf(
    words('b.yaml', './compose.yaml'),
    entries({
      path: oneOf(words('b.yaml'), listOf(words('b.yaml', 'compose.yaml'))),
      env_file: words('b.env', 'nope'),
      project_directory: words('.', 'x', '..'),
    }),
  ),
);
const project = entries(
  {
    version: oneOf(text, number),
    name: words('edge-01', 'other', 'A B'),
    include: includes,
    services,
    networks: mapOf(network),
    volumes: mapOf(volume),
    configs: mapOf(content),
    secrets: mapOf(content),
    models: any,
    'x-a': any,
  },
  6,
);

const variables = fc
  .array(
    fc.constantFrom('A=1\n', 'B="$A"\n', 'IMAGE=nginx\n', "C='\n", '# c\n', 'export D=${A:-x}\n', 'E\n', 'F: g\n'),
    { maxLength: 6 },
  )
  .map((lines) => lines.join(''));
const yaml = fc.tuple(project, services).map(([top, more]) => {
  // Most files have services: nothing much is read of one that has none.
  if (top instanceof Map && !top.has('services')) top.set('services', more);
  return stringify(top, { aliasDuplicateObjects: false });
});

export const anyProject: fc.Arbitrary<Files> = fc.record({
  'compose.yaml': yaml,
  'b.yaml': yaml,
  '.env': variables,
  'b.env': variables,
});
