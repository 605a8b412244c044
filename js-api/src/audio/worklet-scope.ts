/** What an AudioWorkletGlobalScope offers; TypeScript's DOM library does not declare it. */
export interface WorkletProcessor {
  readonly port: MessagePort;
}
export interface WorkletScope {
  readonly currentFrame: number;
  readonly sampleRate: number;
  readonly AudioWorkletProcessor: { new (): WorkletProcessor };
  registerProcessor(name: string, processor: new (options: never) => WorkletProcessor): void;
}

export const scope = globalThis as unknown as WorkletScope;

/** Names of the processors, and of their files. */
export const CAPTURE = 'capture';
export const PLAYOUT = 'playout';

/** Messages of the page to a processor. */
export type WorkletOrder =
  { order: 'connect'; port: MessagePort } | { order: 'disconnect' } | { order: 'end' };
