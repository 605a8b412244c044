import { now } from '../util/clock';

/** Older media is of no use to anybody: what waits longer is dropped, here and then once more in the browser. */
export const MAX_AGE_MS = 500;
/** Packets waiting: above what UploadGate admits in bytes. */
export const MAX_QUEUED = 2048;

interface Waiting {
  packet: Uint8Array;
  time: number;
}

/**
 * Outgoing datagrams, video after everything else: bounded in number and in age, the oldest video goes first. The
 * browser is given one when it has taken the one before: what it holds while QUIC's congestion window is full nothing can
 * overtake any more, so that it is to hold few (OUTGOING_DATAGRAMS).
 */
export class DatagramQueue {
  bufferedAmount = 0;
  dropped = 0;
  private readonly first: Waiting[] = [];
  private readonly video: Waiting[] = [];
  private writing = false;

  /** `write` resolves when the browser has taken the packet; failing ends with the connection. */
  constructor(private readonly write: (packet: Uint8Array) => Promise<void>) {}

  push(packet: Uint8Array, video: boolean): void {
    // A view of the engine's memory: the next packet overwrites it.
    (video ? this.video : this.first).push({ packet: packet.slice(), time: now() });
    this.bufferedAmount += packet.byteLength;
    if (this.first.length + this.video.length > MAX_QUEUED)
      this.drop(this.video.length > 0 ? this.video : this.first);
    this.send();
  }

  private send(): void {
    const oldest = now() - MAX_AGE_MS;
    for (const queue of [this.first, this.video])
      while (queue[0] && queue[0].time < oldest) this.drop(queue);
    if (this.writing) return;
    const next = this.first.shift() ?? this.video.shift();
    if (!next) return;
    this.writing = true;
    const done = () => {
      this.writing = false;
      this.bufferedAmount -= next.packet.byteLength;
      this.send();
    };
    this.write(next.packet).then(done, done);
  }

  private drop(queue: Waiting[]): void {
    const oldest = queue.shift();
    this.bufferedAmount -= oldest?.packet.byteLength ?? 0;
    this.dropped++;
  }
}
