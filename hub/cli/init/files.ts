// What `holdfast init` writes: the smallest fleet repository that is right, with room to grow. Text only.
import type { SchemaName } from '../schema.ts';

export interface InitFile {
  readonly path: string;
  readonly text: string;
}

export const CI_SYSTEMS = ['github', 'gitlab', 'none'] as const;
export type CiSystem = (typeof CI_SYSTEMS)[number];

/** Where `init` puts the schemas, from the repository's top. */
export const SCHEMA_FOLDER = '.schemas';

export function initFiles(device: string, ci: CiSystem): InitFile[] {
  return [
    { path: 'README.md', text: readme(device) },
    { path: '.gitignore', text: GITIGNORE },
    { path: 'fleet.yaml', text: `${modeline('fleet', 0)}\n${FLEET}` },
    { path: `devices/${device}/device.yaml`, text: `${modeline('device', 2)}\n${DEVICE}` },
    { path: `devices/${device}/compose.yaml`, text: COMPOSE },
    { path: `devices/${device}/html/index.html`, text: page(device) },
    ...ciFiles(ci),
  ];
}

function modeline(name: SchemaName, depth: number): string {
  const up = depth === 0 ? './' : '../'.repeat(depth);
  return `# yaml-language-server: $schema=${up}${SCHEMA_FOLDER}/${name}.schema.json`;
}

const FLEET = `# What holds for all devices. device.yaml of a device wins.
interval: 60s

# Apps, variables and settings for several devices at once, chosen by label:
# groups:
#   - name: kiosks
#     selector: { site: berlin, ring: [ canary, stable ] }
#     apps: [ kiosk ]            # apps/kiosk/compose.yaml
#     env: { TZ: Europe/Berlin } # \${TZ} in the Compose files
`;

const DEVICE = `# What is special about this device. It runs the compose.yaml beside this file, and what groups of fleet.yaml give it.
labels:
  site: berlin
`;

const COMPOSE = `# Any Compose file. Try: change a label or the page, commit, push.
services:
  web:
    image: nginx:1.29
    restart: unless-stopped
    ports: [ "8080:80" ]
    volumes: [ "./html:/usr/share/nginx/html:ro" ]
    healthcheck:
      test: [ CMD, curl, -fsS, http://localhost/ ]
      interval: 10s
`;

function page(device: string): string {
  return `<!doctype html>\n<meta charset="utf-8">\n<title>${device}</title>\n<h1>${device} is held fast.</h1>\n`;
}

const GITIGNORE = `# Plain secrets never belong here; encrypted ones (*.sops.yaml) do.
.env.local
*.agekey
*.key
*-key.pem
*.plain.*
id_*
!id_*.pub

# What editors and systems leave behind
.DS_Store
*.swp
*~
.idea/
.vscode/
`;

function readme(device: string): string {
  const files = [
    [`devices/${device}/compose.yaml`, 'what the device runs'],
    [`devices/${device}/device.yaml`, 'its labels and settings'],
    ['apps/<app>/compose.yaml', 'Compose files that several devices share'],
    ['fleet.yaml', 'what holds for all devices, and what groups of them get'],
  ] as const;
  const commands = [
    ['holdfast validate', 'every problem of every device, with its place'],
    [`holdfast render . ${device}`, 'what one device would run, and where each value came from'],
    [`holdfast schema --write ${SCHEMA_FOLDER}`, 'after an update: what editors check and complete these files with'],
  ] as const;
  return `# Fleet

Each folder below \`devices/\` is one host. Its agent pulls that folder and keeps the host as it says.

${table(files, '')}

A further device is a further folder. To give one app to several devices, put its Compose file into \`apps/<app>/\`, name it in a
group of \`fleet.yaml\`, and say in \`device.yaml\` only what is different on a device.

Before pushing:

${table(commands, '# ')}
`;
}

function table(rows: readonly (readonly [string, string])[], mark: string): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `    ${left.padEnd(width)}   ${mark}${right}`).join('\n');
}

const GITHUB = `name: fleet
on: [ push, pull_request ]
permissions: { contents: read }
jobs:
  validate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      # Put the holdfast program on the runner's PATH here.
      - run: holdfast validate -o github
`;

const GITLAB = `validate:
  # An image with the holdfast program in it.
  image: registry.example.com/holdfast:latest
  script:
    - holdfast validate
`;

function ciFiles(ci: CiSystem): InitFile[] {
  switch (ci) {
    case 'github':
      return [{ path: '.github/workflows/fleet.yaml', text: GITHUB }];
    case 'gitlab':
      return [{ path: '.gitlab-ci.yml', text: GITLAB }];
    case 'none':
      return [];
  }
}
