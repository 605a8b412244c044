/** Variable-length integers of RFC 9000 §16, as far as a length of ours can go: 30 bits. */
const LENGTHS = [1, 2, 4, 8];

/** How many bytes the integer that starts with this byte has. */
export const varintLength = (first: number): number => LENGTHS[first >> 6] as number;

/** `bytes` holds the whole integer and no more. */
export function readVarint(bytes: Uint8Array): number {
  return bytes.reduce((value, byte, i) => (i === 0 ? byte & 0x3f : value * 256 + byte), 0);
}

/** The shortest form; `value` below 2^30. */
export function writeVarint(value: number): Uint8Array {
  if (value < 0x40) return Uint8Array.of(value);
  if (value < 0x4000) return Uint8Array.of(0x40 | (value >> 8), value & 0xff);
  return Uint8Array.of(
    0x80 | (value >> 24),
    (value >> 16) & 0xff,
    (value >> 8) & 0xff,
    value & 0xff,
  );
}
