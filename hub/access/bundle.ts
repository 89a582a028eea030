// What a device is given when it is enrolled: its configuration, its password, the CA of its broker. Pure. As files, or as one
// script that writes them on the device.
import { stringify } from 'yaml';
import type { Enrolled } from '../api/access.ts';

export interface BundleFile {
  readonly name: string;
  readonly text: string;
  /** What a person may have changed since stays as it is. */
  readonly keep: boolean;
}

export interface BundleInput {
  readonly enrolled: Enrolled;
  /** Where the files will lie on the device; an absolute path. */
  readonly folder: string;
  /** URL of the fleet repository; null: to be written in by hand. */
  readonly source: string | null;
}

const CONFIG = 'agent.yaml';
const PASSWORD = 'mqtt-password';
const CA = 'broker-ca.pem';
const END = 'HOLDFAST_END';
export const SOURCE_PLACEHOLDER = 'https://git.example.com/fleet.git';

export function bundleFiles({ enrolled, folder, source }: BundleInput): readonly BundleFile[] {
  const { device, fleet, username, password, url, ca } = enrolled;
  const mqtt = {
    url,
    username,
    password_file: `${folder}/${PASSWORD}`,
    ...(ca === null ? {} : { ca_file: `${folder}/${CA}` }),
  };
  const head = `# The agent of ${device}. Everything else that can be set: docs/agent.md\n`;
  const hint = source === null ? '# source.url: write here where your fleet repository is\n' : '';
  const config = stringify({ device, fleet, source: { url: source ?? SOURCE_PLACEHOLDER }, mqtt }, { lineWidth: 0 });
  return [
    { name: CONFIG, text: head + hint + config, keep: true },
    { name: PASSWORD, text: `${password}\n`, keep: false },
    ...(ca === null ? [] : [{ name: CA, text: ca.endsWith('\n') ? ca : `${ca}\n`, keep: false }]),
  ];
}

/** POSIX sh, for `holdfast enroll edge-01 | ssh root@edge-01 sh`. */
export function bundleScript(input: BundleInput): string {
  const { device, fleet } = input.enrolled;
  const folder = quoted(input.folder);
  return [
    '#!/bin/sh',
    `# Enrols this host as ${device} of the fleet ${fleet}. It holds the credentials of the device: run it there, once, and delete it.`,
    'set -eu',
    'umask 077',
    `mkdir -p ${folder}`,
    ...bundleFiles(input).flatMap((file) => writing(file, quoted(`${input.folder}/${file.name}`))),
    `echo "enrolled as ${device}; look with: holdfast-agent check --config ${input.folder}/${CONFIG}"`,
    '',
  ].join('\n');
}

function writing({ text, keep }: BundleFile, path: string): readonly string[] {
  const write = [`cat > ${path} <<'${END}'`, text.replace(/\n$/, ''), END];
  if (!keep) return write;
  return [
    `if [ -e ${path} ]; then`,
    `  echo ${path}" is kept as it is; look at its section mqtt" >&2`,
    'else',
    ...write,
    'fi',
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
