import type { AudioGraph } from './audio-graph';
import { LevelMeter } from './level-meter';
import { CAPTURE, type WorkletOrder } from './worklet-scope';

/**
 * A microphone's way through the graph:
 * track → volume (and level) → mute → capture worklet → engine worker, and beside it the ear monitor.
 */
export class AudioCapture {
  private readonly volume: GainNode;
  private readonly muteGain: GainNode;
  private readonly ear: GainNode;
  private readonly meter: LevelMeter;
  private readonly worklet: AudioWorkletNode;
  private source: MediaStreamAudioSourceNode | undefined;
  private processed: MediaStreamAudioDestinationNode | undefined;

  /** The graph's worklets are loaded. */
  constructor(
    private readonly graph: AudioGraph,
    channels: number,
    inputLatencyMs: number,
  ) {
    const { context } = graph;
    this.volume = context.createGain();
    this.muteGain = context.createGain();
    this.ear = new GainNode(context, { gain: 0 });
    this.meter = new LevelMeter(this.volume);
    this.worklet = new AudioWorkletNode(context, CAPTURE, {
      numberOfOutputs: 1,
      channelCount: channels,
      channelCountMode: 'explicit',
      processorOptions: { channels, inputLatencyMs },
    });
    this.volume.connect(this.muteGain).connect(this.worklet);
    // The worklet puts out silence; being connected keeps it running.
    this.worklet.connect(context.destination);
    this.volume.connect(this.ear);
  }

  setTrack(track: MediaStreamTrack): void {
    const source = this.graph.context.createMediaStreamSource(new MediaStream([track]));
    this.source?.disconnect();
    this.source = source;
    source.connect(this.volume);
  }

  /** 100 is unchanged. */
  setVolume(percent: number): void {
    this.volume.gain.value = percent / 100;
  }

  setMuted(muted: boolean): void {
    this.muteGain.gain.value = muted ? 0 : 1;
  }

  setEarMonitor(percent: number): void {
    this.ear.disconnect();
    this.ear.gain.value = percent / 100;
    if (percent > 0) this.ear.connect(this.graph.output.input);
  }

  /** 0–1, before muting. */
  level(): number {
    return this.meter.level();
  }

  /** What is published, as a track. */
  processedTrack(): MediaStreamTrack | null {
    if (!this.processed) {
      this.processed = this.graph.context.createMediaStreamDestination();
      this.muteGain.connect(this.processed);
    }
    return this.processed.stream.getAudioTracks()[0] ?? null;
  }

  /** A port for the engine worker: blocks flow from now on. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.order({ order: 'connect', port: port1 }, [port1]);
    return port2;
  }

  disconnect(): void {
    this.order({ order: 'disconnect' });
  }

  close(): void {
    this.order({ order: 'end' });
    this.source?.disconnect();
    this.meter.close();
    for (const node of [this.volume, this.muteGain, this.ear, this.worklet]) node.disconnect();
  }

  private order(order: WorkletOrder, transfer: Transferable[] = []): void {
    this.worklet.port.postMessage(order, transfer);
  }
}
