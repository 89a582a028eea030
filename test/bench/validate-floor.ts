// The floor of `validate`: every YAML file of a repository is read and parsed once, and nothing is made of it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

const folder = process.argv[2] ?? '.';
let files = 0;
for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.yaml')) continue;
  parseDocument(readFileSync(join(folder, name), 'utf8'));
  files += 1;
}
console.log(files);
