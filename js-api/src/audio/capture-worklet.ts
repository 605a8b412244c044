// Capture: the microphone's samples go straight to the engine worker, 10 ms at a time.
import { CaptureQueue } from './capture-queue';
import { CAPTURE, scope, type WorkletOrder } from './worklet-scope';

const QUANTUM = 128;

interface CaptureOptions {
  processorOptions: { channels: number; inputLatencyMs: number };
}

class CaptureProcessor extends scope.AudioWorkletProcessor {
  private readonly queue: CaptureQueue;
  private readonly inputLatencyMs: number;
  private engine: MessagePort | undefined;
  private ended = false;

  constructor({ processorOptions }: CaptureOptions) {
    super();
    this.inputLatencyMs = processorOptions.inputLatencyMs;
    this.queue = new CaptureQueue(processorOptions.channels, (block) =>
      this.engine?.postMessage(block, [block.samples.buffer]),
    );
    this.port.onmessage = ({ data }: MessageEvent<WorkletOrder>) => {
      this.engine?.close();
      this.engine = data.order === 'connect' ? data.port : undefined;
      this.ended = data.order === 'end';
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const input = inputs[0] ?? [];
    const capturedMs = Date.now() - this.inputLatencyMs;
    this.queue.push(input, input[0]?.length ?? QUANTUM, scope.currentFrame, capturedMs);
    return !this.ended;
  }
}

scope.registerProcessor(CAPTURE, CaptureProcessor);
