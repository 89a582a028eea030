// fleet.yaml and device.yaml of every key, beside a shared app and a Compose file of the device's own.
import fc from 'fast-check';
import { stringify } from 'yaml';
import { FOLDER } from '../../repo/resolving.ts';
import type { Files } from '../../repo/tree.ts';
import { any, entries, flag, list, listOf, mapOf, name, oneOf, pairs, words } from './values.ts';

const time = words('10s', '30s', '1h', '-1s', '', '99999h');
const path = words(
  'compose.yaml',
  'other.yaml',
  '../../apps/a/compose.yaml',
  'apps/a/compose.yaml',
  '../..',
  '/etc',
  '',
);
const app = entries({
  name: words('a', 'b', 'A', ''),
  compose: oneOf(path, listOf(path)),
  env: pairs,
  env_files: oneOf(path, listOf(path)),
  secrets: listOf(path),
  depends_on: listOf(words('a', 'b')),
  strategy: words('stop-first', 'start-first', 'x'),
  health_timeout: time,
  rollback: flag,
  ignore: list,
  profiles: listOf(name),
});
const settings = { interval: time, drift: words('correct', 'warn', 'x'), labels: pairs };
const apps = oneOf(listOf(app), mapOf(app), list);
const group = entries({
  match: oneOf(pairs, words('a=b', 'a in (b,c)', '!a', '*')),
  selector: oneOf(pairs, any),
  apps,
  env: pairs,
  ...settings,
});
const device = entries({ ...settings, suspend: flag, apps, env: pairs, groups: list, profiles: list, policy: any }, 6);
const fleet = entries({ ...settings, groups: oneOf(mapOf(group), listOf(group)), apps, env: pairs }, 6);
/** As far as can be seen before it is opened. */
const SOPS = `token: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]
sops:
  age: [{recipient: age1x, enc: x}]
  lastmodified: "2026-01-01T00:00:00Z"
  mac: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]
  version: 3.9.0
`;
const file = fc.constantFrom(
  'services: {web: {image: "a:${A:-1}"}}\n',
  'services: {web: {image: a, ports: ["80:80"]}}\n',
  'services: {web: {image: "a:${token}", secrets: [token], environment: {T: "${token}"}}}\nsecrets: {token: {external: true}}\n',
  'services: [',
  '',
);

export const anyFleet: fc.Arbitrary<Files> = fc
  .record({ fleet, device, own: file, other: file, shared: file })
  .map(({ fleet, device, own, other, shared }) => ({
    'fleet.yaml': stringify(fleet, { aliasDuplicateObjects: false }),
    'apps/a/compose.yaml': shared,
    [`${FOLDER}/device.yaml`]: stringify(device, { aliasDuplicateObjects: false }),
    [`${FOLDER}/compose.yaml`]: own,
    [`${FOLDER}/other.yaml`]: other,
    [`${FOLDER}/secrets.yaml`]: SOPS,
  }));
