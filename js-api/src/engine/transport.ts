/** One connection to the gateway, docs/protocol.md §1. */
export interface Transport {
  /** Bytes waiting to leave. */
  readonly bufferedAmount: number;
  /** Bytes carried so far, control and media. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Resolves when connected; rejects once, with the reason. */
  open(url: string): Promise<void>;
  sendControl(text: string): void;
  sendMedia(packet: Uint8Array): void;
  close(code: number, reason: string): void;
}

export interface TransportListener {
  onControl(text: string): void;
  onMedia(packet: Uint8Array): void;
  /** The connection, once open, has ended: by the other side, the network or close(). */
  onClose(code: number, reason: string): void;
}
