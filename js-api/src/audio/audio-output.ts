import { logger } from '../util/logger';

const log = logger('audio output');

type SinkTarget = { setSinkId?(sinkId: string): Promise<void> };

/**
 * Where remote sound goes: the one place that knows how each browser wants to play.
 * - 'context': straight to the context's destination. Least delay; Chromium's and Safari's echo
 *   cancellation hears what the context plays.
 * - 'element': through an <audio> element, where only elements can choose a speaker (Firefox) once one
 *   was chosen.
 */
export class AudioOutput {
  readonly input: GainNode;
  private element: HTMLAudioElement | undefined;
  private static speakerId = '';
  private static readonly outputs = new Set<AudioOutput>();

  constructor(private readonly context: AudioContext) {
    this.input = context.createGain();
    this.input.connect(context.destination);
    AudioOutput.outputs.add(this);
    if (AudioOutput.speakerId) {
      this.apply(AudioOutput.speakerId).catch((error: unknown) =>
        log.warn('the chosen speaker cannot be used', error),
      );
    }
  }

  /** All outputs of the page, present and future. */
  static async setSpeaker(speakerId: string): Promise<void> {
    await Promise.all([...this.outputs].map((output) => output.apply(speakerId)));
    this.speakerId = speakerId;
  }

  static get speaker(): string {
    return this.speakerId;
  }

  close(): void {
    AudioOutput.outputs.delete(this);
    this.input.disconnect();
    this.element?.pause();
    this.element = undefined;
  }

  private async apply(speakerId: string): Promise<void> {
    // The default has an empty name in the specification of setSinkId.
    const sinkId = speakerId === 'default' ? '' : speakerId;
    const context = this.context as SinkTarget;
    if (context.setSinkId) {
      await context.setSinkId(sinkId);
      return;
    }
    const element = this.throughElement() as HTMLAudioElement & SinkTarget;
    if (!element.setSinkId)
      throw new DOMException('speakers cannot be chosen', 'NotSupportedError');
    await element.setSinkId(sinkId);
    await element.play();
  }

  private throughElement(): HTMLAudioElement {
    if (this.element) return this.element;
    const destination = this.context.createMediaStreamDestination();
    this.input.disconnect();
    this.input.connect(destination);
    this.element = new Audio();
    this.element.srcObject = destination.stream;
    return this.element;
  }
}
