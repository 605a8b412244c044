import { now } from '../util/clock';

/** Older media is of no use to anybody: what waits longer is dropped. */
export const MAX_AGE_MS = 500;
/** Packets handed to the browser that it has not taken yet: enough to fill its pacing. */
export const MAX_WRITING = 32;
/** Packets waiting behind those: above what UploadGate admits in bytes. */
export const MAX_QUEUED = 2048;

interface Waiting {
  packet: Uint8Array;
  time: number;
}

/** Outgoing datagrams in order: bounded in number and in age, the oldest go first. */
export class DatagramQueue {
  bufferedAmount = 0;
  dropped = 0;
  private queue: Waiting[] = [];
  private writing = 0;

  /** `write` resolves when the browser has taken the packet; failing ends with the connection. */
  constructor(private readonly write: (packet: Uint8Array) => Promise<void>) {}

  push(packet: Uint8Array): void {
    // A view of the engine's memory: the next packet overwrites it.
    this.queue.push({ packet: packet.slice(), time: now() });
    this.bufferedAmount += packet.byteLength;
    if (this.queue.length > MAX_QUEUED) this.drop();
    this.send();
  }

  private send(): void {
    const oldest = now() - MAX_AGE_MS;
    while (this.queue[0] && this.queue[0].time < oldest) this.drop();
    while (this.writing < MAX_WRITING) {
      const next = this.queue.shift();
      if (!next) return;
      this.writing++;
      const done = () => {
        this.writing--;
        this.bufferedAmount -= next.packet.byteLength;
        if (this.queue.length > 0) this.send();
      };
      this.write(next.packet).then(done, done);
    }
  }

  private drop(): void {
    const oldest = this.queue.shift();
    this.bufferedAmount -= oldest?.packet.byteLength ?? 0;
    this.dropped++;
  }
}
