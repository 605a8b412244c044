/** WASI's "function not supported", which our modules never wait for. */
const ENOSYS = 52;

/**
 * Imports for a stand-alone module of Emscripten: it computes and does no I/O, so what its C library
 * still asks for (memory growth notices, stderr) is answered with nothing.
 */
export function stubImports(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: space, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') throw new Error(`wasm module wants the ${kind} ${space}.${name}`);
    (imports[space] ??= {})[name] = stub(space, name);
  }
  return imports;
}

function stub(space: string, name: string): () => number {
  if (name === 'proc_exit' || name === 'abort' || name.startsWith('_abort'))
    return () => {
      throw new Error(`wasm module called ${name}`);
    };
  return space.startsWith('wasi') ? () => ENOSYS : () => 0;
}

/** Compiles while loading and starts the module. */
export async function loadWasm<Exports>(url: string): Promise<Exports> {
  const response = await fetch(url, { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  const module = (response.headers.get('Content-Type') ?? '').startsWith('application/wasm')
    ? await WebAssembly.compileStreaming(response)
    : await WebAssembly.compile(await response.arrayBuffer());
  return startWasm<Exports>(module);
}

export async function startWasm<Exports>(module: WebAssembly.Module): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module, stubImports(module));
  (exports as { _initialize?: () => void })._initialize?.();
  return exports as Exports;
}

/** A NUL-terminated UTF-8 string in the module's memory. */
export function readCString(memory: WebAssembly.Memory, pointer: number): string {
  const bytes = new Uint8Array(memory.buffer, pointer);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)).slice());
}
