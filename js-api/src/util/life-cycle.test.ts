import { beforeEach, describe, expect, it } from 'vitest';
import { LifeCycle } from './life-cycle';
import { sameConfig } from './merge';
import { deferred, type Deferred } from './deferred';

interface Config {
  name?: string;
  option?: string[];
}

/** A life cycle whose actions end when the test says so. */
class Bench {
  readonly log: string[] = [];
  private readonly running: Deferred[] = [];
  readonly life = new LifeCycle<Config, Config>({
    names: { start: 'start', update: 'update', stop: 'stop' },
    start: ({ name = '' }) => this.action(`start ${name}`),
    update: ({ option = [] }) => this.action(`update ${option.join('+')}`),
    stop: () => this.action('stop'),
    merge: (first, second) => ({ option: [...(first.option ?? []), ...(second.option ?? [])] }),
    same: sameConfig,
  });

  private action(what: string): Promise<void> {
    this.log.push(what);
    const end = deferred();
    this.running.push(end);
    return end.promise;
  }

  async succeed(): Promise<void> {
    this.running.shift()?.resolve();
    await settle();
  }

  async fail(): Promise<void> {
    this.running.shift()?.reject(new Error('no device'));
    await settle();
  }

  async started(): Promise<void> {
    const start = this.life.start({ name: 'a' });
    await this.succeed();
    await start;
    this.log.length = 0;
  }
}

const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};
const update = (...option: string[]): Config => ({ option });
const abort = (message: string) => ({ code: 5998, name: 'OPERATION_ABORT', message });

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

describe('idle', () => {
  it('starts', async () => {
    const start = bench.life.start({ name: 'a' });
    expect(bench.life.state).toBe('starting');
    await bench.succeed();
    await start;
    expect(bench.life.state).toBe('started');
  });

  it('rejects an update', async () => {
    await expect(bench.life.update(update('x'))).rejects.toMatchObject(
      abort('update abort: not started'),
    );
  });

  it('resolves a stop without doing anything', async () => {
    await bench.life.stop();
    expect(bench.log).toEqual([]);
  });
});

describe('starting', () => {
  let start: Promise<void>;
  beforeEach(() => {
    start = bench.life.start({ name: 'a' });
  });

  it('rejects another start', async () => {
    await expect(bench.life.start({ name: 'a' })).rejects.toMatchObject(
      abort('start abort: already start'),
    );
    await bench.succeed();
    await start;
  });

  it('queues updates, merged into one that shares a promise', async () => {
    const first = bench.life.update(update('x'));
    const second = bench.life.update(update('y'));
    expect(second).toBe(first);
    await bench.succeed();
    await start;
    expect(bench.log).toEqual(['start a', 'update x+y']);
    await bench.succeed();
    await first;
  });

  it('rejects queued updates when the start fails, and is idle again', async () => {
    const updated = expect(bench.life.update(update('x'))).rejects.toMatchObject(
      abort('update abort: start failed'),
    );
    const failed = expect(start).rejects.toThrow('no device');
    await bench.fail();
    await Promise.all([updated, failed]);
    expect(bench.life.state).toBe('idle');
  });

  it('queues a stop, which cancels queued updates; a repeated stop shares its promise', async () => {
    const updated = expect(bench.life.update(update('x'))).rejects.toMatchObject(
      abort('update abort: keep stop'),
    );
    const stop = bench.life.stop();
    expect(bench.life.stop()).toBe(stop);
    await updated;
    await bench.succeed();
    await start;
    expect(bench.log).toEqual(['start a', 'stop']);
    await bench.succeed();
    await stop;
    expect(bench.life.state).toBe('idle');
  });

  it('resolves a queued stop when the start fails', async () => {
    const stop = bench.life.stop();
    const failed = expect(start).rejects.toThrow('no device');
    await bench.fail();
    await failed;
    await stop;
    expect(bench.log).toEqual(['start a']);
  });

  it('with a stop queued, keeps the start when the same is started again', async () => {
    const stopped = expect(bench.life.stop()).rejects.toMatchObject(
      abort('stop abort: keep start'),
    );
    const again = bench.life.start({ name: 'a' });
    await stopped;
    await bench.succeed();
    await Promise.all([start, again]);
    expect(bench.log).toEqual(['start a']);
    expect(bench.life.state).toBe('started');
  });

  it('with a stop queued, starts something else after the stop', async () => {
    const stop = bench.life.stop();
    const other = bench.life.start({ name: 'b' });
    await bench.succeed();
    await bench.succeed();
    await stop;
    expect(bench.log).toEqual(['start a', 'stop', 'start b']);
    await bench.succeed();
    await Promise.all([start, other]);
  });

  it('with a stop queued, rejects updates', async () => {
    void bench.life.stop();
    await expect(bench.life.update(update('x'))).rejects.toMatchObject(
      abort('update abort: update not allowed when stopping'),
    );
    await bench.succeed();
  });
});

describe('started', () => {
  beforeEach(() => bench.started());

  it('rejects another start', async () => {
    await expect(bench.life.start({ name: 'a' })).rejects.toMatchObject(
      abort('start abort: already started'),
    );
  });

  it('runs updates one at a time, the waiting ones merged', async () => {
    const first = bench.life.update(update('x'));
    const second = bench.life.update(update('y'));
    const third = bench.life.update(update('z'));
    expect(third).toBe(second);
    expect(bench.log).toEqual(['update x']);
    await bench.succeed();
    expect(bench.log).toEqual(['update x', 'update y+z']);
    await bench.succeed();
    await Promise.all([first, second]);
  });

  it('stays started when an update fails', async () => {
    const failed = expect(bench.life.update(update('x'))).rejects.toThrow('no device');
    await bench.fail();
    await failed;
    expect(bench.life.state).toBe('started');
  });

  it('stops after the update that runs', async () => {
    const updated = bench.life.update(update('x'));
    const stop = bench.life.stop();
    expect(bench.log).toEqual(['update x']);
    await bench.succeed();
    await updated;
    expect(bench.log).toEqual(['update x', 'stop']);
    await bench.succeed();
    await stop;
  });

  it('is idle even when stopping fails', async () => {
    const failed = expect(bench.life.stop()).rejects.toThrow('no device');
    await bench.fail();
    await failed;
    expect(bench.life.state).toBe('idle');
  });
});

describe('stopping', () => {
  let stop: Promise<void>;
  beforeEach(async () => {
    await bench.started();
    stop = bench.life.stop();
  });

  it('shares the promise of another stop', async () => {
    expect(bench.life.stop()).toBe(stop);
    await bench.succeed();
    await stop;
  });

  it('rejects updates', async () => {
    await expect(bench.life.update(update('x'))).rejects.toMatchObject(
      abort('update abort: update not allowed when stopping'),
    );
    await bench.succeed();
  });

  it('queues a start; the identical one again is rejected', async () => {
    const start = bench.life.start({ name: 'b' });
    await expect(bench.life.start({ name: 'b' })).rejects.toMatchObject(
      abort('start abort: already start'),
    );
    await bench.succeed();
    await stop;
    expect(bench.log).toEqual(['stop', 'start b']);
    await bench.succeed();
    await start;
  });

  it('a stop cancels the queued start', async () => {
    const cancelled = expect(bench.life.start({ name: 'b' })).rejects.toMatchObject(
      abort('start abort: keep stop'),
    );
    await Promise.all([bench.life.stop(), bench.succeed(), cancelled]);
    expect(bench.log).toEqual(['stop']);
    expect(bench.life.state).toBe('idle');
  });
});
