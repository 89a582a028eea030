// How the devices of a fleet reach the broker: each over a connection of its own, with its last will, or many over few.
import { agentClientId } from '../../fleet/wire/topics.ts';
import type { Device } from './device.ts';
import { type Broker, createLink, type Link } from './link.ts';
import type { Message } from './step.ts';

/** What the player asks for. `will` and `birth` are made anew for each connect. */
export interface Links {
  connect(device: Device, words: { readonly will: () => Message; readonly birth: () => Message }): void;
  /** False: the broker refused it. */
  publish(device: Device, message: Message): Promise<boolean>;
  /** The link breaks. True: the broker says the will; false: there was no link; null: `will` has to be published in its place. */
  cut(device: Device): boolean | null;
  leave(device: Device): Promise<void>;
  /** Leaves with all that are connected: no wills. */
  end(): Promise<void>;
}

export function createOwnLinks(broker: Broker, fleet: string): Links {
  const links = new Map<number, Link>();
  const linkOf = ({ index }: Device): Link => {
    const link = links.get(index);
    if (link === undefined) throw new Error(`device ${index} speaks before it connects`);
    return link;
  };
  return {
    connect(device, { will, birth }) {
      const known = links.get(device.index);
      const link = known ?? createLink({ broker, clientId: agentClientId(fleet, device.id), will, birth });
      links.set(device.index, link);
      link.open();
    },
    publish: (device, message) => linkOf(device).publish(message),
    cut: (device) => linkOf(device).cut(),
    leave: (device) => linkOf(device).leave(),
    async end() {
      await Promise.all([...links.values()].map((link) => link.leave()));
    },
  };
}

/** A device keeps to one of them, so that its messages stay in order. Wills are published as the broker would. */
export function createSharedLinks(broker: Broker, count: number, name: string): Links {
  const links = Array.from({ length: count }, (_, at) =>
    createLink({ broker, clientId: `${name}-${at}`, will: null, birth: null }),
  );
  const linkOf = ({ index }: Device): Link => {
    const link = links[index % links.length];
    if (link === undefined) throw new Error('there are no links');
    return link;
  };
  return {
    connect: (device) => linkOf(device).open(),
    publish: (device, message) => linkOf(device).publish(message),
    cut: () => null,
    leave: () => Promise.resolve(),
    async end() {
      await Promise.all(links.map((link) => link.leave()));
    },
  };
}
