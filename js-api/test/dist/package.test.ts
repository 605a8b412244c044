// The built package: what it weighs, that Node may import it, that its declarations hold.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dist = (...names: string[]) => path.join(root, 'dist', ...names);
const gzipped = (file: string) => gzipSync(readFileSync(dist(file)), { level: 9 }).length;
const node = (code: string, ...flags: string[]) =>
  execFileSync(process.execPath, [...flags, '--eval', code], { cwd: root, encoding: 'utf8' });

describe('what a call loads, gzip -9', () => {
  const scripts = [
    'trtc.js',
    ...['workers', 'worklets'].flatMap((folder) =>
      readdirSync(dist(folder)).map((name) => `${folder}/${name}`),
    ),
  ];

  it('has every script', () => {
    expect(scripts.sort()).toEqual([
      'trtc.js',
      'workers/decode.js',
      'workers/encode.js',
      'workers/engine.js',
      'worklets/capture.js',
      'worklets/playout.js',
    ]);
  });

  it.each([
    ['JavaScript', scripts, 60],
    ['the ES module beside it', ['trtc.esm.js', ...scripts.slice(1)], 60],
    ['engine.wasm', ['engine.wasm'], 260],
    ['vp8.wasm', ['vp8.wasm'], 160],
  ])('%s stays within its budget', (_name, files, kilobytes) => {
    const total = files.reduce((sum, file) => sum + gzipped(file), 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(kilobytes * 1000);
  });

  it('has VP9 for who asks for it', () => expect(existsSync(dist('vp9.wasm'))).toBe(true));
});

describe('the scripts', () => {
  const all = readdirSync(dist(), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );

  it.each(all)('%s needs no eval and makes no worker of a blob', (name) => {
    const source = readFileSync(dist(name), 'utf8');
    expect(source).not.toMatch(/\beval\(|new Function\(|createObjectURL|importScripts/);
    expect(source).not.toContain('process.env');
  });
});

describe('in Node', () => {
  it('importing does nothing and throws nothing', () => {
    const code = `
      const before = Object.keys(globalThis).length;
      import('ferry-rtc').then(({ default: TRTC, TRTC: named, LOG_LEVEL, audioProfileMap, RtcError }) => {
        if (TRTC !== named || Object.keys(globalThis).length !== before) throw new Error('globals');
        console.log(typeof TRTC.create, TRTC.EVENT.ERROR, LOG_LEVEL.INFO, audioProfileMap.standard.bitrate, typeof RtcError);
      });`;
    expect(node(code, '--input-type=module')).toBe('function error 2 40 function\n');
  });

  it('require gives the same', () => {
    const code = `const TRTC = require('ferry-rtc'); console.log(TRTC.TYPE.SCENE_RTC, TRTC.TRTC === TRTC)`;
    expect(node(code)).toBe('rtc true\n');
  });

  it('isSupported says no, create says why', () => {
    const code = `
      const TRTC = require('ferry-rtc');
      try { TRTC.create(); } catch (error) { console.log(error.name); }
      TRTC.isSupported().then(({ result }) => console.log(result));`;
    expect(node(code)).toBe('ENV_NOT_SUPPORTED\nfalse\n');
  });
});

it('a program that uses every member compiles against the declarations', () => {
  const tsc = path.join(root, '../node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', path.join(root, 'test/dist/sample/tsconfig.json')];
  expect(() => execFileSync(process.execPath, args, { stdio: 'pipe' })).not.toThrow();
});
