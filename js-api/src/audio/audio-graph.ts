import { EXTRA } from '../constants/error-code';
import { RtcError } from '../errors/rtc-error';
import { assetUrl } from '../util/assets';
import { logger } from '../util/logger';
import { AudioOutput } from './audio-output';
import { CAPTURE, PLAYOUT } from './worklet-scope';

const log = logger('audio');
/** A running context answers resume() at once; one that autoplay rules hold back never does. */
const RESUME_PATIENCE_MS = 300;
/** Where none do: a device may take seconds to open, which no click would shorten. */
const DEVICE_PATIENCE_MS = 5000;
/**
 * Instead of asking Firefox, about what its interactive contexts have. Its `outputLatency` (seen with 153 and PulseAudio)
 * takes the graph's lock and then waits for the device's, whose thread holds that one and waits for the graph's: now and
 * then, on a busy machine often, the page stands still for ever, its main thread and all its sound.
 */
const FIREFOX_LATENCY_MS = 30;

/**
 * The page's one AudioContext, with both worklets loaded. Shared by all instances: browsers allow few
 * contexts, and echo cancellation wants to know all that plays.
 */
export class AudioGraph {
  private static shared: AudioGraph | undefined;
  private static users = 0;

  readonly context: AudioContext;
  readonly output: AudioOutput;
  /** Resolves when nodes of both worklets can be made. */
  readonly ready: Promise<void>;

  static acquire(assetsPath?: string): AudioGraph {
    this.shared ??= new AudioGraph(assetsPath);
    this.users++;
    return this.shared;
  }

  /** The last user closes the context, so that the page holds no sound device. */
  static release(): void {
    if (--this.users > 0 || !this.shared) return;
    const { context, output } = this.shared;
    this.shared = undefined;
    output.close();
    context.close().catch((error: unknown) => log.warn('closing the AudioContext failed', error));
  }

  private constructor(assetsPath?: string) {
    if (typeof AudioWorkletNode === 'undefined')
      throw new RtcError({
        name: 'ENV_NOT_SUPPORTED',
        extraCode: window.isSecureContext ? EXTRA.NO_MEDIA_PATH : EXTRA.INSECURE_PAGE,
        message: 'sound needs AudioWorklet: a current browser and a page over HTTPS or localhost',
      });
    this.context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    this.output = new AudioOutput(this.context);
    this.ready = this.loadWorklets(assetsPath);
    this.ready.catch((error: unknown) => {
      // A call that was left at once closes the context before its worklets are there.
      if (this.context.state !== 'closed') log.error('loading the audio worklets failed', error);
    });
  }

  private async loadWorklets(assetsPath?: string): Promise<void> {
    const urls = [CAPTURE, PLAYOUT].map((name) => assetUrl(`worklets/${name}.js`, assetsPath));
    try {
      await Promise.all(urls.map((url) => this.context.audioWorklet.addModule(url)));
    } catch (originError) {
      throw new RtcError({
        name: 'OPERATION_FAILED',
        message: `the audio worklets cannot be loaded, check assetsPath: ${urls.join(' ')}`,
        originError,
      });
    }
  }

  get running(): boolean {
    return this.context.state === 'running';
  }

  /** Whether sound plays now; false where the browser waits for a click. */
  async resume(): Promise<boolean> {
    if (this.running) return true;
    const patienceMs = mayPlay(this.context) ? DEVICE_PATIENCE_MS : RESUME_PATIENCE_MS;
    const patience = new Promise((resolve) => setTimeout(resolve, patienceMs));
    await Promise.race([this.context.resume().catch(() => undefined), patience]);
    return this.running;
  }

  /** From a worklet's output to the ear, ms. */
  get outputLatencyMs(): number {
    if (isFirefox()) return FIREFOX_LATENCY_MS;
    const { outputLatency, baseLatency } = this.context;
    return ((outputLatency || 0) + (baseLatency || 0)) * 1000;
  }
}

const isFirefox = (): boolean => /Firefox\//.test(navigator.userAgent);

/** Whether the browser says that it lets this context play (Firefox); others do not say. */
function mayPlay(context: AudioContext): boolean {
  const { getAutoplayPolicy } = navigator as {
    getAutoplayPolicy?(this: Navigator, context: AudioContext): string;
  };
  return getAutoplayPolicy?.call(navigator, context) === 'allowed';
}
