/** The upload queue may hold this much time of media; beyond, camera frames are skipped unencoded. */
export const MAX_QUEUED_MS = 200;
/** Yet never fewer bytes than one large key frame: a burst that leaves at once is no congestion. */
export const MIN_QUEUED_BYTES = 64 * 1024;
/** Beyond this even audio is dropped: the connection is as good as dead, memory stays bounded. */
export const HARD_LIMIT_BYTES = 1024 * 1024;

/** Decides by the socket's queue what may still be added to it. */
export class UploadGate {
  /** Packets that were not sent. */
  dropped = 0;
  private bitrateBps = 0;

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

  /** Whether a packet may be queued; counts those that may not. */
  admit(): boolean {
    if (this.bufferedAmount() <= HARD_LIMIT_BYTES) return true;
    this.dropped++;
    return false;
  }
}
