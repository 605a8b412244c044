import { now } from '../util/clock';

/** The upload queue may hold this much time of media; beyond, camera frames are skipped unencoded. */
export const MAX_QUEUED_MS = 200;
/** Yet never fewer bytes than one large key frame: a burst that leaves at once is no congestion. */
export const MIN_QUEUED_BYTES = 64 * 1024;
/** Beyond this even audio is dropped: the connection is as good as dead, memory stays bounded. */
export const HARD_LIMIT_BYTES = 1024 * 1024;
/** Packets of so much time are one to the queue's age. */
const AGE_RESOLUTION_MS = 5;
/** Times that are remembered: with AGE_RESOLUTION_MS half a second, of what is older only how old it is. */
const MAX_MARKS = 100;

/** Everything up to the byte `end` was there at `time`. */
interface Mark {
  time: number;
  end: number;
}

/** Decides by the socket's queue what may still be added to it, and knows how old that queue is. */
export class UploadGate {
  /** Packets that were not sent. */
  dropped = 0;
  private bitrateBps = 0;
  private admitted = 0;
  private readonly marks: Mark[] = [];

  constructor(private readonly bufferedAmount: () => number) {}

  /** Sum of what all senders were configured to. */
  setBitrate(bitrateBps: number): void {
    this.bitrateBps = bitrateBps;
  }

  /** More than MAX_QUEUED_MS waits: encode no camera frame now. */
  get congested(): boolean {
    const limit = Math.max(MIN_QUEUED_BYTES, (this.bitrateBps / 8) * (MAX_QUEUED_MS / 1000));
    return this.bufferedAmount() > limit;
  }

  /** How long the oldest packet has been waiting for the network, as if none overtook another; 0 where none waits. */
  get queuedMs(): number {
    const buffered = this.bufferedAmount();
    // Without a connection nothing is queued: packets are dropped.
    if (buffered === Infinity) return 0;
    const left = this.admitted - buffered;
    while (this.marks[0] && this.marks[0].end <= left) this.marks.shift();
    const [oldest] = this.marks;
    return oldest ? now() - oldest.time : 0;
  }

  /** Whether a packet may be queued; counts those that may not. */
  admit(bytes: number): boolean {
    if (this.bufferedAmount() <= HARD_LIMIT_BYTES) {
      this.admitted += bytes;
      this.mark();
      return true;
    }
    this.dropped++;
    return false;
  }

  private mark(): void {
    const time = now();
    const newest = this.marks.at(-1);
    if (newest && time - newest.time < AGE_RESOLUTION_MS) newest.end = this.admitted;
    else if (this.marks.push({ time, end: this.admitted }) > MAX_MARKS) {
      const [oldest, next] = this.marks;
      if (oldest && next) oldest.end = next.end;
      this.marks.splice(1, 1);
    }
  }
}
