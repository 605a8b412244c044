import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES, MessageReader, frameMessage } from './control-framing';
import { readVarint, varintLength, writeVarint } from './varint';

const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('lengths', () => {
  it.each([0, 1, 63, 64, 16_383, 16_384, MAX_MESSAGE_BYTES, 2 ** 30 - 1])('%i', (value) => {
    const bytes = writeVarint(value);
    expect(varintLength(bytes[0] as number)).toBe(bytes.byteLength);
    expect(readVarint(bytes)).toBe(value);
  });

  it('reads the examples of RFC 9000', () => {
    expect(readVarint(Uint8Array.of(0x9d, 0x7f, 0x3e, 0x7d))).toBe(494_878_333);
    expect(readVarint(Uint8Array.of(0x7b, 0xbd))).toBe(15_293);
    expect(readVarint(Uint8Array.of(0x40, 0x25))).toBe(37);
  });
});

describe('messages', () => {
  const texts = ['', '{"type":"ok"}', JSON.stringify({ userId: 'Zoë 😀'.repeat(20) })];
  const stream = join(...texts.map(frameMessage));

  it('come out whole wherever the stream was split', () => {
    for (let split = 0; split <= stream.byteLength; split++) {
      const reader = new MessageReader();
      const out = [
        ...reader.push(stream.subarray(0, split)),
        ...reader.push(stream.subarray(split)),
      ];
      expect(out).toEqual(texts);
    }
  });

  it('come out whole byte by byte', () => {
    const reader = new MessageReader();
    expect([...stream].flatMap((byte) => reader.push(Uint8Array.of(byte)))).toEqual(texts);
  });

  it('may have the largest size, and no more', () => {
    const text = 'x'.repeat(MAX_MESSAGE_BYTES);
    expect(new MessageReader().push(frameMessage(text))).toEqual([text]);
    expect(() => new MessageReader().push(writeVarint(MAX_MESSAGE_BYTES + 1))).toThrow('65537');
  });
});
