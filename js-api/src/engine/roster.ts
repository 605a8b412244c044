import type { GatewayNotification, StreamInfo, UserInfo } from './messages';

/** A remote stream as the page knows it. */
interface Entry {
  readonly pageId: string;
  /** Of the present session; none while the publisher has not come back to it. */
  gatewayId: string | undefined;
  info: StreamInfo;
}
interface User {
  present: boolean;
  /** By kind and source: a user has one of each. */
  readonly streams: Map<string, Entry>;
}

const keyOf = ({ kind, source }: StreamInfo): string => `${kind}/${source}`;

/**
 * Who is in the room and what they publish, by ids that outlive the gateway's: after a session that
 * began anew the page is told of real differences alone.
 */
export class Roster {
  private readonly users = new Map<string, User>();
  private readonly byGateway = new Map<string, { userId: string; key: string }>();
  /** How many there were before this one. */
  sessions = 0;

  /** `onBound`: a stream that the page knows has a new id at the gateway. */
  constructor(private readonly onBound: (pageId: string) => void) {}

  /** The page's name for a stream that is new: another than those of earlier sessions. */
  pageId(gatewayId: string): string {
    return this.sessions === 0 ? gatewayId : `${this.sessions}/${gatewayId}`;
  }

  gatewayId(pageId: string): string | undefined {
    return this.entries().find((entry) => entry.pageId === pageId)?.gatewayId;
  }

  /** Entering: everybody is new. */
  enter(users: UserInfo[]): void {
    for (const { userId, streams } of users) {
      this.take({ type: 'user-entered', userId });
      for (const stream of streams) this.take({ type: 'stream-added', userId, stream });
    }
  }

  /** The session began anew; who is not here (yet) is kept until settle(). */
  reenter(users: UserInfo[]): GatewayNotification[] {
    this.sessions++;
    this.byGateway.clear();
    for (const user of this.users.values()) {
      user.present = false;
      for (const entry of user.streams.values()) entry.gatewayId = undefined;
    }
    return users.flatMap(({ userId, streams }) => [
      ...this.take({ type: 'user-entered', userId }),
      ...streams.flatMap((stream) => this.take({ type: 'stream-added', userId, stream })),
    ]);
  }

  /** Who has not come back by now has left. */
  settle(): GatewayNotification[] {
    return [...this.users].flatMap(([userId, user]) => {
      const gone = [...user.streams.values()].filter(({ gatewayId }) => gatewayId === undefined);
      const removed = gone.flatMap((entry) => this.remove(userId, user, entry));
      return user.present ? removed : [...removed, ...this.leave(userId, 1)];
    });
  }

  /** Ends what the page knows of a stream that has not come back. */
  forget(pageId: string): GatewayNotification[] {
    return [...this.users].flatMap(([userId, user]) =>
      [...user.streams.values()]
        .filter((entry) => entry.pageId === pageId)
        .flatMap((entry) => this.remove(userId, user, entry)),
    );
  }

  /** What the page is to be told of this, in its own ids. */
  take(notification: GatewayNotification): GatewayNotification[] {
    switch (notification.type) {
      case 'user-entered':
        return this.meet(notification.userId) ? [notification] : [];
      case 'user-left':
        return this.leave(notification.userId, notification.reason);
      case 'stream-added':
      case 'stream-updated':
        return this.set(notification.userId, notification.stream);
      case 'stream-removed': {
        const { user, entry, userId } = this.find(notification.streamId);
        return user && entry ? this.remove(userId, user, entry) : [];
      }
      case 'layer-changed': {
        const { entry } = this.find(notification.streamId);
        return entry ? [{ ...notification, streamId: entry.pageId }] : [];
      }
      default:
        return [notification];
    }
  }

  /** Whether somebody new. */
  private meet(userId: string): boolean {
    const known = this.users.get(userId);
    if (known) known.present = true;
    else this.users.set(userId, { present: true, streams: new Map() });
    return !known;
  }

  private leave(userId: string, reason: 0 | 1 | 2 | 3): GatewayNotification[] {
    const user = this.users.get(userId);
    if (!user) return [];
    const removed = [...user.streams.values()].flatMap((each) => this.remove(userId, user, each));
    this.users.delete(userId);
    return [...removed, { type: 'user-left', userId, reason }];
  }

  private set(userId: string, stream: StreamInfo): GatewayNotification[] {
    const user = this.users.get(userId);
    if (!user) return [];
    const key = keyOf(stream);
    const entry = user.streams.get(key);
    const returned = entry?.gatewayId === undefined && entry?.info.codec === stream.codec;
    if (!entry || (entry.gatewayId !== stream.streamId && !returned)) {
      const replaced = entry ? this.remove(userId, user, entry) : [];
      return [...replaced, this.add(userId, user, stream)];
    }
    const { pageId } = entry;
    const changed = returned ? entry.info.muted !== stream.muted : true;
    entry.info = { ...stream, streamId: pageId };
    if (returned) {
      this.bind(userId, entry, stream.streamId);
      this.onBound(pageId);
    }
    return changed ? [{ type: 'stream-updated', userId, stream: entry.info }] : [];
  }

  private add(userId: string, user: User, stream: StreamInfo): GatewayNotification {
    const pageId = this.pageId(stream.streamId);
    const info = { ...stream, streamId: pageId };
    const entry: Entry = { pageId, gatewayId: undefined, info };
    user.streams.set(keyOf(stream), entry);
    this.bind(userId, entry, stream.streamId);
    return { type: 'stream-added', userId, stream: info };
  }

  private bind(userId: string, entry: Entry, gatewayId: string): void {
    entry.gatewayId = gatewayId;
    this.byGateway.set(gatewayId, { userId, key: keyOf(entry.info) });
  }

  private remove(userId: string, user: User, entry: Entry): GatewayNotification[] {
    user.streams.delete(keyOf(entry.info));
    if (entry.gatewayId !== undefined) this.byGateway.delete(entry.gatewayId);
    return [{ type: 'stream-removed', userId, streamId: entry.pageId }];
  }

  private find(gatewayId: string) {
    const { userId = '', key = '' } = this.byGateway.get(gatewayId) ?? {};
    const user = this.users.get(userId);
    return { userId, user, entry: user?.streams.get(key) };
  }

  private entries(): Entry[] {
    return [...this.users.values()].flatMap(({ streams }) => [...streams.values()]);
  }
}
