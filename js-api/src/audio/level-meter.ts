/** The longest stretch an analyser keeps: 680 ms of 48 kHz. */
const WINDOW_FRAMES = 32768;

/** Peak level of an audio node since it was looked at last; costs nothing while nobody looks. */
export class LevelMeter {
  private readonly analyser: AnalyserNode;
  private readonly samples = new Float32Array(WINDOW_FRAMES);
  private lookedAt = 0;

  constructor(source: AudioNode) {
    this.analyser = new AnalyserNode(source.context, { fftSize: WINDOW_FRAMES });
    source.connect(this.analyser);
  }

  /** 0–1. What was loud between two looks counts, or short sounds would be missed. */
  level(): number {
    const { currentTime, sampleRate } = this.analyser.context;
    const frames = Math.ceil((currentTime - this.lookedAt) * sampleRate);
    this.lookedAt = currentTime;
    this.analyser.getFloatTimeDomainData(this.samples);
    let peak = 0;
    for (const sample of this.samples.subarray(Math.max(0, WINDOW_FRAMES - frames))) {
      peak = Math.max(peak, Math.abs(sample));
    }
    return Math.min(1, peak);
  }

  close(): void {
    this.analyser.disconnect();
  }
}
