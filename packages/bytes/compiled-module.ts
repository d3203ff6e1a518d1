/** Modules that tools/build-kernel.ts compiled to WebAssembly, wherever this runs. */

/** Grows in pages of 64 KiB; `buffer` is another one then, and views of the old one are empty. */
export interface CompiledMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What the language library of this project's TypeScript does not declare. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: { readonly Module: new (bytes: Uint8Array) => object; readonly Instance: new (module: object) => { readonly exports: unknown } };
};

/** What the module exports, with a memory of its own. Undefined: there is no WebAssembly here, or none that can do what the module asks. */
export function compiledModule<Exports>(base64: string): Exports | undefined {
  try {
    return new wasm.Instance(new wasm.Module(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)))).exports as Exports;
  } catch {
    return undefined;
  }
}
