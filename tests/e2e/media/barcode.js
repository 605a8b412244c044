// A machine-readable picture: who sent it, which frame it is, when it was drawn, and a check.
//
// 80 bits as black and white cells of 1/20 of the picture's width (32 pixels at 640), large enough
// to survive VP8 at low rates and scaling down to 160 pixels: 8 bits source, 24 bits frame number,
// 32 bits time in 0.1 ms (modulo 2^32), 16 bits CRC. Eight bits of check are too few: a torn picture
// passes them once in 256.

export const COLUMNS = 16;
export const ROWS = 5;
/** Where the cells lie, in parts of the picture's width and height. */
const AREA = { x: 2 / 20, y: 4 / 15, width: 16 / 20, height: (5 * 32) / 360 };
const TIME_MODULUS = 2 ** 32;
const BYTES = (COLUMNS * ROWS) / 8;

/** CRC-16/CCITT-FALSE. */
export function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc;
}

/** The bytes of one barcode. `timeMs` is of clock.js. */
export function encode(source, frame, timeMs) {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, source);
  view.setUint8(1, (frame >> 16) & 0xff);
  view.setUint16(2, frame & 0xffff);
  view.setUint32(4, Math.round(timeMs * 10) % TIME_MODULUS);
  view.setUint16(8, crc16(bytes.subarray(0, 8)));
  return bytes;
}

/** What `encode` was given, or null when the check fails. `nearMs` tells which turn of the time is meant. */
export function decode(bytes, nearMs) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, BYTES);
  if (view.getUint16(8) !== crc16(bytes.subarray(0, 8))) return null;
  let behind = (Math.round(nearMs * 10) - view.getUint32(4)) % TIME_MODULUS;
  if (behind > TIME_MODULUS / 2) behind -= TIME_MODULUS;
  return {
    source: view.getUint8(0),
    frame: (view.getUint8(1) << 16) | view.getUint16(2),
    timeMs: nearMs - behind / 10,
  };
}

function cell(index, width, height) {
  const w = (AREA.width * width) / COLUMNS;
  const h = (AREA.height * height) / ROWS;
  const x = AREA.x * width + (index % COLUMNS) * w;
  const y = AREA.y * height + Math.floor(index / COLUMNS) * h;
  return { x, y, w, h };
}

/** Draws a barcode into a 2D context of the given size. */
export function draw(context, width, height, bytes) {
  for (let index = 0; index < COLUMNS * ROWS; index++) {
    const { x, y, w, h } = cell(index, width, height);
    context.fillStyle = (bytes[index >> 3] >> (7 - (index & 7))) & 1 ? '#fff' : '#000';
    context.fillRect(x, y, w, h);
  }
}

/**
 * The barcode's bytes out of a picture. `luma(x, y)` is the brightness 0..255 of a pixel of the
 * picture as received, which may be smaller than it was sent: sizes are taken from what arrived.
 */
export function sample(luma, width, height) {
  const bytes = new Uint8Array(BYTES);
  for (let index = 0; index < COLUMNS * ROWS; index++) {
    const { x, y, w, h } = cell(index, width, height);
    let sum = 0;
    // Nine points of the middle half: the edges of a cell blur.
    for (let row = 1; row <= 3; row++) {
      for (let column = 1; column <= 3; column++) {
        sum += luma(Math.floor(x + (w * (column + 1)) / 6), Math.floor(y + (h * (row + 1)) / 6));
      }
    }
    if (sum / 9 > 128) bytes[index >> 3] |= 1 << (7 - (index & 7));
  }
  return bytes;
}

/** The part of the picture that holds the barcode, in pixels. */
export function area(width, height) {
  return {
    x: Math.floor(AREA.x * width),
    y: Math.floor(AREA.y * height),
    width: Math.ceil(AREA.width * width),
    height: Math.ceil(AREA.height * height),
  };
}
