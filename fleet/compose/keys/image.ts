// image, container_name, pull_policy, restart: short texts with a grammar of their own.
import type { Service } from '../../model/service.ts';
import { didYouMean } from '../nearest.ts';
import type { Located, Reader } from '../read.ts';
import { doubtful, shown, type Where, wrong } from '../report.ts';
import { readOptionalText, readText } from '../scalars.ts';

const HOST = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const PART = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*';
const REFERENCE = new RegExp(
  String.raw`^(?:${HOST}/)?${PART}(?:/${PART})*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,128})?$`,
);
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;

/** What an empty variable leaves behind: `app:`, `/app`, `registry/:1`. */
const HOLE = /^[/:@-]|[/:@-]$|\/[/:@-]|:[@.-]/;

/** Was it said here that a variable is not set? Then that is why. */
function lacksVariable({ path, report }: Where): boolean {
  return report.diagnostics().some(({ code, message }) => code === 'unset-variable' && message.startsWith(`${path}: `));
}

/** Empty text is as good as no image. One that lacks a part is a matter of pulling, as in Compose. */
export const readImage: Reader<Located<string>> = (node, where) => {
  const text = readText(node, where);
  if (text === undefined || text === '') return undefined;
  if (text.length <= 512 && (REFERENCE.test(text) || IMAGE_ID.test(text))) return { value: text, at: node.at };
  if (HOLE.test(text)) {
    const what = `"${shown(text)}" lacks a part, as if a variable were not set: it cannot be pulled`;
    if (!lacksVariable(where))
      doubtful(where, node.at, 'image', what, 'set the variable in .env or under env: in device.yaml');
    return { value: text, at: node.at };
  }
  const hint = /[A-Z]/.test(text)
    ? 'names of images are lower-case'
    : 'write it like nginx:1.27 or registry.example.com/team/app:1.0';
  return wrong(where, node.at, 'value', `"${shown(text)}" is not an image reference`, hint);
};

export const readContainerName: Reader<string> = (node, where) => {
  const text = readOptionalText(node, where);
  if (text === undefined || /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(text)) return text;
  const what = `"${shown(text)}" is not a name that the Engine takes: the service's usual name is used`;
  const hint = 'use letters, digits, "_", "." and "-", two to 128 characters, a letter or digit first';
  doubtful(where, node.at, 'container-name', what, hint);
  return undefined;
};

/** Compose's policies that build, or pull when some time has passed. */
const BY_TIME = /^(daily|weekly|refresh|every_.+)$/;

export const readPullPolicy: Reader<Service['pull_policy']> = (node, where) => {
  const text = readOptionalText(node, where);
  if (text === undefined) return undefined;
  if (text === 'always' || text === 'never' || text === 'missing') return text;
  if (text === 'if_not_present') return 'missing';
  const words = ['always', 'missing', 'if_not_present', 'never'];
  if (text === 'build' || BY_TIME.test(text)) {
    const what = `"${shown(text)}" is read as missing: ${text === 'build' ? 'nothing is built on devices' : 'images are pulled when Git names another one'}`;
    doubtful(where, node.at, 'pull-policy', what, `write one of ${words.join(', ')}`);
    return 'missing';
  }
  return wrong(where, node.at, 'value', `has to be ${words.join(', ')}`, didYouMean(text, words));
};

const RESTARTS = ['no', 'always', 'unless-stopped', 'on-failure'];

export const readRestart: Reader<string> = (node, where) => {
  if (node.kind === 'scalar' && node.value === false) {
    return wrong(where, node.at, 'type', 'has to be text', 'write restart: "no"');
  }
  if (node.kind === 'scalar' && node.value === true) {
    return wrong(where, node.at, 'type', `has to be ${RESTARTS.join(', ')} or on-failure:N`, 'write restart: always');
  }
  const text = readOptionalText(node, where);
  if (text === undefined) return undefined;
  if (RESTARTS.includes(text) || /^on-failure:\d{1,4}$/.test(text)) return text;
  return wrong(where, node.at, 'value', `has to be ${RESTARTS.join(', ')} or on-failure:N`, didYouMean(text, RESTARTS));
};
