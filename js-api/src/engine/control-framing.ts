import { readVarint, varintLength, writeVarint } from './varint';

/** docs/protocol.md §1; larger ones are a fault of the other side. */
export const MAX_MESSAGE_BYTES = 65_536;

/** A control message for a byte stream: its length as varint, then the JSON in UTF-8. */
export function frameMessage(text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  const head = writeVarint(body.byteLength);
  const framed = new Uint8Array(head.byteLength + body.byteLength);
  framed.set(head);
  framed.set(body, head.byteLength);
  return framed;
}

/** Cuts the byte stream of the control channel into messages, wherever it was split on the way. */
export class MessageReader {
  private readonly head: number[] = [];
  private body: Uint8Array | undefined;
  private filled = 0;

  /** The messages that this chunk completes; throws when one is larger than MAX_MESSAGE_BYTES. */
  push(chunk: Uint8Array): string[] {
    const messages: string[] = [];
    let at = 0;
    while (at < chunk.byteLength) {
      if (!this.body) {
        this.readHead(chunk[at++] as number);
      } else {
        const part = chunk.subarray(at, at + this.body.byteLength - this.filled);
        this.body.set(part, this.filled);
        this.filled += part.byteLength;
        at += part.byteLength;
      }
      if (this.body && this.filled === this.body.byteLength) {
        messages.push(new TextDecoder().decode(this.body));
        this.body = undefined;
      }
    }
    return messages;
  }

  private readHead(byte: number): void {
    this.head.push(byte);
    if (this.head.length < varintLength(this.head[0] as number)) return;
    const length = readVarint(Uint8Array.from(this.head));
    this.head.length = 0;
    if (length > MAX_MESSAGE_BYTES)
      throw new RangeError(
        `a control message of ${length} bytes is larger than ${MAX_MESSAGE_BYTES}`,
      );
    this.body = new Uint8Array(length);
    this.filled = 0;
  }
}
