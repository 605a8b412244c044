export type TransportName = 'webtransport' | 'websocket';

/** One connection to the gateway, docs/protocol.md §1. */
export interface Transport {
  readonly name: TransportName;
  /** Who is told; set it before the other side has reason to speak. */
  listener: TransportListener | undefined;
  /** Bytes waiting to leave. */
  readonly bufferedAmount: number;
  /** Bytes carried so far, control and media. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Media packets that grew too old before they could leave. */
  readonly packetsDropped: number;
  /** Resolves when connected; rejects once, with the reason. close() ends it, too. */
  open(url: string): Promise<void>;
  sendControl(text: string): void;
  /** Video waits for everything else, where the transport lets packets overtake. */
  sendMedia(packet: Uint8Array, video: boolean): void;
  close(code: number, reason: string): void;
}

export interface TransportListener {
  onControl(text: string): void;
  onMedia(packet: Uint8Array): void;
  /** The connection, once open, has ended: by the other side, the network or close(). */
  onClose(code: number, reason: string): void;
}

/** The code of a connection that broke without a word, as WebSocket has it. */
export const CLOSE_ABNORMAL = 1006;
