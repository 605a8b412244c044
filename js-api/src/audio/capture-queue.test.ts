import { expect, it } from 'vitest';
import type { CapturedBlock } from '../engine/messages';
import { BLOCK_FRAMES, CaptureQueue } from './capture-queue';

const QUANTUM = 128;

function run(channels: number, quanta: number, dateOf: (frame: number) => number) {
  const blocks: CapturedBlock[] = [];
  const queue = new CaptureQueue(channels, (block) => blocks.push(block));
  for (let i = 0; i < quanta; i++) {
    const frame = i * QUANTUM;
    const left = Float32Array.from({ length: QUANTUM }, (_, n) => frame + n);
    queue.push([left], QUANTUM, frame, dateOf(frame));
  }
  return blocks;
}

it('cuts quanta into blocks of 10 ms without losing a sample', () => {
  const blocks = run(1, 75, () => 0);
  expect(blocks).toHaveLength(20);
  const samples = blocks.flatMap((block) => [...block.samples]);
  expect(samples).toEqual(Array.from({ length: 20 * BLOCK_FRAMES }, (_, i) => i));
});

it('repeats mono for stereo, interleaved', () => {
  const [block] = run(2, 4, () => 0);
  expect(block?.samples.slice(0, 4)).toEqual(new Float32Array([0, 0, 1, 1]));
});

it('stamps each block with the time of its first sample, bursts notwithstanding', () => {
  // Quanta come four at a time, when the last of them has been captured.
  const start = 1_700_000_000_000;
  const blocks = run(1, 400, (frame) => {
    const last = (Math.floor(frame / QUANTUM / 4) + 1) * 4 * QUANTUM;
    return start + last / 48;
  });
  for (const [i, { dateMs }] of blocks.slice(2).entries())
    expect(dateMs).toBeCloseTo(start + (i + 2) * 10, 3);
});
