// image, container_name, pull_policy, restart: short texts with a grammar of their own.
import type { Service } from '../../model/desired.ts';
import { didYouMean } from '../nearest.ts';
import { type Reader, readName } from '../read.ts';
import { shown, wrong } from '../report.ts';

const HOST = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const PART = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  String.raw`^(?:${HOST}/)?${PART}(?:/${PART})*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,128})?$`,
);
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;

export const readImage: Reader<string> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined) return undefined;
  if (text.length <= 512 && (REFERENCE.test(text) || IMAGE_ID.test(text))) return text;
  const hint = /[A-Z]/.test(text)
    ? 'names of images are lower-case'
    : 'write it like nginx:1.27 or registry.example.com/team/app:1.0';
  return wrong(where, node.at, 'value', `"${shown(text)}" is not an image reference`, hint);
};

export const readContainerName: Reader<string> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined || /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(text)) return text;
  const what = `"${shown(text)}" is not a container name`;
  return wrong(where, node.at, 'value', what, 'use letters, digits, "_", "." and "-", two to 128 characters');
};

/** Compose's policies that rebuild or pull by age have no counterpart yet. */
const NOT_YET = /^(build|daily|weekly|refresh|every_.+)$/;

export const readPullPolicy: Reader<Service['pull_policy']> = (node, where) => {
  const text = readName(node, where);
  if (text === undefined) return undefined;
  if (text === 'always' || text === 'never' || text === 'missing') return text;
  if (text === 'if_not_present') return 'missing';
  const words = ['always', 'missing', 'if_not_present', 'never'];
  if (NOT_YET.test(text)) {
    const hint = `supported are ${words.join(', ')}`;
    return wrong(
      where,
      node.at,
      'unsupported-value',
      `"${text}" is valid Compose, but Holdfast does not support it yet`,
      hint,
    );
  }
  return wrong(where, node.at, 'value', `has to be ${words.join(', ')}`, didYouMean(text, words));
};

const RESTARTS = ['no', 'always', 'unless-stopped', 'on-failure'];

export const readRestart: Reader<string> = (node, where) => {
  if (node.kind === 'scalar' && node.value === false) {
    return wrong(where, node.at, 'type', 'has to be text', 'write restart: "no"');
  }
  const text = readName(node, where);
  if (text === undefined) return undefined;
  if (RESTARTS.includes(text) || /^on-failure:\d{1,4}$/.test(text)) return text;
  return wrong(where, node.at, 'value', `has to be ${RESTARTS.join(', ')} or on-failure:N`, didYouMean(text, RESTARTS));
};
