// Playout: one remote user's sound, pulled from the engine worker as the sound card needs it.
import type { PlayoutBlock } from '../engine/messages';
import { PlayoutQueue } from './playout-queue';
import { PLAYOUT, scope, type WorkletOrder } from './worklet-scope';

class PlayoutProcessor extends scope.AudioWorkletProcessor {
  private engine: MessagePort | undefined;
  private ended = false;
  private readonly queue = new PlayoutQueue((request) => this.engine?.postMessage(request));

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<WorkletOrder>) => {
      this.engine?.close();
      this.engine = data.order === 'connect' ? data.port : undefined;
      this.ended = data.order === 'end';
      this.queue.reset();
      if (this.engine)
        this.engine.onmessage = (event: MessageEvent<PlayoutBlock>) => this.queue.push(event.data);
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    if (this.engine) this.queue.pull(outputs[0] ?? []);
    return !this.ended;
  }
}

scope.registerProcessor(PLAYOUT, PlayoutProcessor);
