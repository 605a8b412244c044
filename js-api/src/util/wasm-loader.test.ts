import { expect, it } from 'vitest';
import { readCString, startWasm, stubImports } from './wasm-loader';

/** A module's text as bytes: imports of (space, name) functions `() -> i32`, and nothing else. */
function moduleImporting(...names: [string, string][]): WebAssembly.Module {
  const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
  const imports = names.flatMap(([space, name]) => [...text(space), ...text(name), 0, 0]);
  const bytes = [
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...[1, 5, 1, 96, 0, 1, 127],
    ...[2, imports.length + 1, names.length, ...imports],
  ];
  return new WebAssembly.Module(new Uint8Array(bytes));
}

const call = (imports: WebAssembly.Imports, space: string, name: string): unknown =>
  (imports[space]?.[name] as () => unknown)();

it('answers what a stand-alone module still imports', async () => {
  const module = moduleImporting(
    ['env', 'emscripten_notify_memory_growth'],
    ['wasi_snapshot_preview1', 'fd_write'],
    ['wasi_snapshot_preview1', 'proc_exit'],
  );
  const imports = stubImports(module);
  expect(call(imports, 'env', 'emscripten_notify_memory_growth')).toBe(0);
  expect(call(imports, 'wasi_snapshot_preview1', 'fd_write')).toBe(52);
  expect(() => call(imports, 'wasi_snapshot_preview1', 'proc_exit')).toThrow('proc_exit');
  await expect(startWasm(module)).resolves.toBeDefined();
});

it('reads strings up to their end', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Uint8Array(memory.buffer).set(new TextEncoder().encode('zu früh\0rest'), 16);
  expect(readCString(memory, 16)).toBe('zu früh');
});
