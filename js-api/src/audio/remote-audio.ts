import type { AudioGraph } from './audio-graph';
import { LevelMeter } from './level-meter';
import { PLAYOUT, type WorkletOrder } from './worklet-scope';

/** One remote user's sound: engine worker → playout worklet → volume → output. */
export class RemoteAudio {
  /** For the engine worker. */
  readonly port: MessagePort;
  /** Resolves when the nodes stand; sound may flow before. */
  readonly ready: Promise<void>;
  private node: AudioWorkletNode | undefined;
  private gain: GainNode | undefined;
  private meter: LevelMeter | undefined;
  private destination: MediaStreamAudioDestinationNode | undefined;
  private volume = 100;
  private closed = false;

  constructor(private readonly graph: AudioGraph) {
    const { port1, port2 } = new MessageChannel();
    this.port = port2;
    this.ready = graph.ready.then(() => this.build(port1));
  }

  /** 100 is unchanged, more amplifies. */
  setVolume(percent: number): void {
    this.volume = percent;
    if (this.gain) this.gain.gain.value = percent / 100;
  }

  /** 0–1, before the volume. */
  level(): number {
    return this.meter?.level() ?? 0;
  }

  track(): MediaStreamTrack | null {
    if (!this.node) return null;
    if (!this.destination) {
      this.destination = this.graph.context.createMediaStreamDestination();
      this.node.connect(this.destination);
    }
    return this.destination.stream.getAudioTracks()[0] ?? null;
  }

  close(): void {
    this.closed = true;
    this.node?.port.postMessage({ order: 'end' } satisfies WorkletOrder);
    this.node?.disconnect();
    this.gain?.disconnect();
    this.meter?.close();
    for (const track of this.destination?.stream.getTracks() ?? []) track.stop();
  }

  private build(port: MessagePort): void {
    if (this.closed) return;
    const { context, output } = this.graph;
    this.node = new AudioWorkletNode(context, PLAYOUT, {
      numberOfInputs: 0,
      numberOfOutputs: 1,
      outputChannelCount: [2],
    });
    this.gain = new GainNode(context, { gain: this.volume / 100 });
    this.meter = new LevelMeter(this.node);
    this.node.connect(this.gain).connect(output.input);
    this.node.port.postMessage({ order: 'connect', port } satisfies WorkletOrder, [port]);
  }
}
