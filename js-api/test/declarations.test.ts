import { expect, it } from 'vitest';
import type * as Declared from '../types/index';
import * as exported from '../src/exports';

/** Compiled by `npm run typecheck`: the class fits what types/index.d.ts promises of it. */
type Statics = Omit<typeof Declared.TRTC, 'prototype' | 'create'>;
type Instance = Omit<Declared.TRTC, 'on' | 'once' | 'off' | 'listeners' | 'eventNames'>;
const statics: Statics = exported.TRTC;
const create: (options?: Declared.TRTCOptions) => Instance = (options) =>
  exported.TRTC.create(options);
const error: typeof Declared.RtcError.prototype = new exported.RtcError({
  name: 'UNKNOWN_ERROR',
  message: '',
});

it('exports what is declared', () => {
  expect(statics.EVENT.ERROR).toBe('error');
  expect(create).toBeTypeOf('function');
  expect(error.code).toBe(5999);
  const names: (keyof typeof Declared)[] = [
    'TRTC',
    'LOG_LEVEL',
    'RtcError',
    'audioProfileMap',
    'videoProfileMap',
  ];
  for (const name of names.filter((each) => each !== ('default' as never)))
    expect(exported).toHaveProperty(name);
});
