import type { Picture } from './decoder';

/** BT.601, studio range: for browsers without VideoFrame, whose canvas only takes RGBA. */
export function i420ToRgba({ width, height, bytes, planes }: Picture): ImageData {
  const image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  const clamp = new Uint8ClampedArray(3);
  const [y, u, v] = planes as [Plane, Plane, Plane];
  for (let row = 0; row < height; row++) {
    const chromaRow = row >> 1;
    for (let column = 0; column < width; column++) {
      const luma = 1.164 * ((bytes[y.offset + row * y.stride + column] as number) - 16);
      const cb = (bytes[u.offset + chromaRow * u.stride + (column >> 1)] as number) - 128;
      const cr = (bytes[v.offset + chromaRow * v.stride + (column >> 1)] as number) - 128;
      clamp[0] = luma + 1.596 * cr;
      clamp[1] = luma - 0.391 * cb - 0.813 * cr;
      clamp[2] = luma + 2.018 * cb;
      const [red, green, blue] = clamp as unknown as [number, number, number];
      out[row * width + column] = (255 << 24) | (blue << 16) | (green << 8) | red;
    }
  }
  return image;
}

interface Plane {
  offset: number;
  stride: number;
}
