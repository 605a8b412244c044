import { describe, expect, it, vi } from 'vitest';
import { Emitter } from './emitter';

interface Events {
  hello: [name: string];
  bye: [];
}
const create = (onError = vi.fn()) => ({ emitter: new Emitter<Events>(onError), onError });

describe('Emitter', () => {
  it('calls handlers in order, with their context', () => {
    const { emitter } = create();
    const calls: unknown[] = [];
    const context = {};
    emitter.on('hello', (name) => calls.push(name));
    emitter.on(
      'hello',
      function (this: unknown) {
        calls.push(this === context);
      },
      context,
    );
    emitter.emit('hello', 'anna');
    expect(calls).toEqual(['anna', true]);
  });

  it('calls a once handler once, even when it emits again', () => {
    const { emitter } = create();
    const handler = vi.fn(() => emitter.emit('bye'));
    emitter.on('bye', handler, undefined, true);
    emitter.emit('bye');
    expect(handler).toHaveBeenCalledTimes(1);
    expect(emitter.eventNames()).toEqual([]);
  });

  it('removes one handler, all of an event, or everything', () => {
    const { emitter } = create();
    const handler = vi.fn();
    emitter.on('bye', handler);
    emitter.on('bye', () => undefined);
    emitter.on('hello', () => undefined);
    emitter.off('bye', handler);
    expect(emitter.listeners('bye')).toHaveLength(1);
    emitter.off('bye');
    expect(emitter.eventNames()).toEqual(['hello']);
    emitter.off('*');
    expect(emitter.eventNames()).toEqual([]);
  });

  it('a handler may remove itself and others meanwhile', () => {
    const { emitter } = create();
    const second = vi.fn();
    emitter.on('bye', () => emitter.off('*'));
    emitter.on('bye', second);
    emitter.emit('bye');
    emitter.emit('bye');
    expect(second).toHaveBeenCalledTimes(1);
  });

  it('goes on after a handler that throws, and tells', () => {
    const { emitter, onError } = create();
    const error = new Error('oops');
    const after = vi.fn();
    emitter.on('bye', () => {
      throw error;
    });
    emitter.on('bye', after);
    emitter.emit('bye');
    expect(after).toHaveBeenCalled();
    expect(onError).toHaveBeenCalledWith('bye', error);
  });
});
