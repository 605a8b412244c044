import { beforeEach, expect, it } from 'vitest';
import type { PlayoutRequest } from '../engine/messages';
import { MAX_FRAMES, MIN_FRAMES, PlayoutQueue, START_FRAMES } from './playout-queue';

const QUANTUM = 128;
const QUANTA_PER_SECOND = 48_000 / QUANTUM;

let requests: PlayoutRequest[];
let queue: PlayoutQueue;
/** Every sample that is answered counts up, so that order and gaps can be seen. */
let sample: number;
beforeEach(() => {
  requests = [];
  sample = 1;
  queue = new PlayoutQueue((request) => requests.push(request));
});

function answer(): void {
  for (const { blocks } of requests.splice(0)) {
    for (let i = 0; i < blocks; i++) {
      const samples = Float32Array.from({ length: 480 }, () => sample++ % 10_000);
      queue.push({ samples, channels: 1 });
    }
  }
}

function pull(): Float32Array[] {
  const output = [new Float32Array(QUANTUM), new Float32Array(QUANTUM)];
  queue.pull(output);
  return output;
}

it('asks for its start, and plays silence until it is there', () => {
  const [left] = pull();
  expect(left?.every((value) => value === 0)).toBe(true);
  expect(requests).toEqual([{ blocks: START_FRAMES / 480, queuedFrames: 0 }]);
  pull();
  expect(requests).toHaveLength(1);
});

it('plays every sample once, in order, the same on both sides for mono', () => {
  pull();
  const heard: number[] = [];
  for (let i = 0; i < 100; i++) {
    answer();
    const [left, right] = pull();
    expect(right).toEqual(left);
    heard.push(...(left as Float32Array));
  }
  expect(heard).toEqual(Array.from({ length: heard.length }, (_, i) => (i + 1) % 10_000));
});

it('tells how much plays before what it asks for', () => {
  pull();
  answer();
  while (requests.length === 0) pull();
  const { queuedFrames } = requests[0] as PlayoutRequest;
  expect(queuedFrames).toBeGreaterThan(START_FRAMES - 480);
  expect(queuedFrames).toBeLessThan(START_FRAMES);
});

it('fades out and grows when it runs dry', () => {
  pull();
  answer();
  let output = pull();
  while (queue.underruns === 0) {
    requests.length = 0;
    output = pull();
  }
  expect(queue.targetFrames).toBe(START_FRAMES + 480);
  const [left] = output as [Float32Array];
  expect(left[0]).toBeGreaterThan(left[QUANTUM - 1] as number);
  expect(left[QUANTUM - 1]).toBeGreaterThan(0);
});

it('never grows beyond its limit', () => {
  for (let i = 0; i < 100; i++) {
    queue.reset();
    pull();
    answer();
    const before = queue.underruns;
    while (queue.underruns === before) pull();
    for (let quiet = 0; quiet < QUANTA_PER_SECOND / 2; quiet++) pull();
  }
  expect(queue.targetFrames).toBe(MAX_FRAMES);
});

it('gives back slowly what it does not need, down to its least', () => {
  for (let i = 0; i < QUANTA_PER_SECOND * 60; i++) {
    pull();
    answer();
  }
  expect(queue.underruns).toBe(0);
  expect(queue.targetFrames).toBeGreaterThanOrEqual(MIN_FRAMES);
  expect(queue.targetFrames).toBeLessThan(START_FRAMES);
});
