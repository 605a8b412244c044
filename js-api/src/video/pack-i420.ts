import type { Picture } from './decoder';

/** A copy of the picture whose planes and rows follow each other without gaps. */
export function packI420({ bytes, planes, width, height }: Picture): Uint8Array<ArrayBuffer> {
  const chromaWidth = (width + 1) >> 1;
  const chromaHeight = (height + 1) >> 1;
  const packed = new Uint8Array(width * height + 2 * chromaWidth * chromaHeight);
  let at = 0;
  planes.forEach(({ offset, stride }, plane) => {
    const rowBytes = plane === 0 ? width : chromaWidth;
    const rows = plane === 0 ? height : chromaHeight;
    for (let row = 0; row < rows; row++) {
      const start = offset + row * stride;
      packed.set(bytes.subarray(start, start + rowBytes), at);
      at += rowBytes;
    }
  });
  return packed;
}
