/** The newest 21 ms of 48 kHz. */
const WINDOW_FRAMES = 1024;

/** Peak level of an audio node, looked at on demand; costs nothing while nobody looks. */
export class LevelMeter {
  private readonly analyser: AnalyserNode;
  private readonly samples = new Float32Array(WINDOW_FRAMES);

  constructor(source: AudioNode) {
    this.analyser = new AnalyserNode(source.context, { fftSize: WINDOW_FRAMES });
    source.connect(this.analyser);
  }

  /** 0–1. */
  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let peak = 0;
    for (const sample of this.samples) peak = Math.max(peak, Math.abs(sample));
    return Math.min(1, peak);
  }

  close(): void {
    this.analyser.disconnect();
  }
}
