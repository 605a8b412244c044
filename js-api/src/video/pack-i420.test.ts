import { expect, test } from 'vitest';
import { packI420 } from './pack-i420';

test('rows of wider strides come out without gaps, odd sizes rounded up', () => {
  const bytes = new Uint8Array(64).fill(99);
  const put = (offset: number, values: number[]) => bytes.set(values, offset);
  // 3×3 luma with stride 5 from 4, 2×2 chroma with stride 4 from 24 and 40.
  put(4, [1, 2, 3]);
  put(9, [4, 5, 6]);
  put(14, [7, 8, 9]);
  put(24, [10, 11]);
  put(28, [12, 13]);
  put(40, [14, 15]);
  put(44, [16, 17]);
  const planes = [
    { offset: 4, stride: 5 },
    { offset: 24, stride: 4 },
    { offset: 40, stride: 4 },
  ];
  const packed = packI420({ bytes, planes, width: 3, height: 3 });
  expect([...packed]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
});
