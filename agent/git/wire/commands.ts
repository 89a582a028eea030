// The two commands of Git's protocol v2 that Holdfast sends, and their answers. Pure: bytes in, bytes out.
// Source: gitprotocol-v2 (ls-refs, fetch).
import { errorIn, type PktLine, ProtocolError, packPktLines, pktLine, pktLines, readPackAnswer } from '../pkt-line.ts';
import type { RemoteRef } from '../upstream.ts';

/** The server understood and said no. */
export class ServerRefusal extends Error {}

const DELIMITER = '0001';
const FLUSH = '0000';

export function lsRefs(prefixes: readonly string[]): Buffer {
  const asked = ['peel', ...prefixes.map((prefix) => `ref-prefix ${prefix}`)];
  return command('ls-refs', asked);
}

export interface FetchWanted {
  readonly wants: readonly string[];
  /** A commit that is held: the answer ends there. */
  readonly have?: string;
  /** Deltas of what `have` leads to may come, without what they are deltas of. */
  readonly thin?: boolean;
  /** How deep trees come along: `tree:0` none but those wanted, `tree:1` root trees, `tree:2` also those in them. Absent: everything. */
  readonly filter?: 'tree:0' | 'tree:1' | 'tree:2';
  /** Only the wanted commits, none before them. */
  readonly shallow?: boolean;
  /** Do not negotiate: send what follows from `wants` and `have`. */
  readonly done: boolean;
}

export function fetchPack({ wants, have, thin, filter, shallow, done }: FetchWanted): Buffer {
  return command('fetch', [
    'no-progress',
    'ofs-delta',
    ...(thin === true ? ['thin-pack'] : []),
    ...(filter === undefined ? [] : [`filter ${filter}`]),
    ...(shallow === true ? ['deepen 1'] : []),
    ...wants.map((oid) => `want ${oid}`),
    ...(have === undefined ? [] : [`have ${have}`]),
    ...(done ? ['done'] : []),
  ]);
}

function command(name: string, asked: readonly string[]): Buffer {
  return Buffer.from(`${pktLine(`command=${name}`)}${DELIMITER}${asked.map(pktLine).join('')}${FLUSH}`);
}

/** Throws `ProtocolError` when this is no answer to ls-refs, `ServerRefusal` when the server refuses. */
export function readRefs(answer: Buffer): readonly RemoteRef[] {
  judgeFirst(answer);
  const refs: RemoteRef[] = [];
  let ended = false;
  for (const line of pktLines(answer)) {
    if (ended) throw new ProtocolError('its list of refs is malformed');
    ended = line === 'flush';
    if (!ended) refs.push(readRef(line));
  }
  if (!ended) throw new ProtocolError('its list of refs was cut');
  return refs;
}

function readRef(line: PktLine): RemoteRef {
  const text = typeof line === 'string' ? '' : line.toString('utf8').replace(/\n$/, '');
  const [oid = '', name = '', ...attributes] = text.split(' ');
  if (!isObjectId(oid) || name === '') throw new ProtocolError('its list of refs is malformed');
  const peeled = attributes.find((each) => each.startsWith('peeled:'))?.slice('peeled:'.length) ?? null;
  if (peeled !== null && !isObjectId(peeled)) throw new ProtocolError('its list of refs is malformed');
  return { name, oid, peeled };
}

export interface FetchAnswer {
  /** The server has the commit that was named as held. */
  readonly known: boolean;
  /** null: it sent none, since it found no way from the wanted to the held commit. */
  readonly pack: Buffer | null;
}

/** Throws `ProtocolError` when this is no answer to fetch, `ServerRefusal` when the server refuses. */
export function readFetch(answer: Buffer): FetchAnswer {
  judgeFirst(answer);
  const lines = packPktLines(answer);
  const { pack, error } = readPackAnswer(lines);
  if (error !== null) throw new ServerRefusal(error);
  let known = false;
  let section = '';
  let last: PktLine | null = null;
  for (const line of lines) {
    last = line;
    if (section === 'packfile') continue;
    if (line === 'delimiter') section = '';
    if (typeof line === 'string') continue;
    const text = line.length < 100 ? line.toString('latin1').trimEnd() : '';
    if (section === '') section = text;
    else if (section === 'acknowledgments' && text.startsWith('ACK ')) known = true;
  }
  if (last !== 'flush') throw new ProtocolError('its answer was cut');
  if (section === 'packfile') return { known, pack };
  if (section !== 'acknowledgments') throw new ProtocolError('its answer holds no pack');
  return { known, pack: null };
}

function judgeFirst(answer: Buffer): void {
  for (const first of pktLines(answer)) {
    const refusal = typeof first === 'string' ? null : errorIn(first);
    if (refusal !== null) throw new ServerRefusal(refusal);
    return;
  }
  throw new ProtocolError('its answer is empty');
}

/** SHA-1 or SHA-256: which of them can be used is for others to say. */
function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
