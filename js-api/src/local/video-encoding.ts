import type { LocalVideoConfig, LocalVideoOption } from '../../types/index';
import { EXTRA } from '../constants/error-code';
import { resolveSmallProfile, resolveVideoProfile } from '../constants/profiles';
import { RtcError } from '../errors/rtc-error';
import type { ClientContext } from '../room/client';
import { EncodeClient } from '../video/encode-client';
import type { EncoderConfig, EncoderStats, EncodingConfig } from '../video/messages';
import { startSource } from '../video/source/choose-source';
import type { FrameSource } from '../video/source/frame-source';

/** What every receiver of today can decode. */
export const CODEC = 'vp8';

/** A local video's encode worker and the way its pictures get there. */
export class VideoEncoding {
  readonly client: EncodeClient;
  private source: FrameSource | undefined;
  private turn = 0;

  constructor(
    private readonly context: ClientContext,
    config: LocalVideoConfig,
  ) {
    let told = false;
    this.client = new EncodeClient(CODEC, encoderConfig(config), context.assetsPath, (message) => {
      // What fails for one picture fails for the next: once is enough.
      if (!told) this.context.fail(encodeError(message));
      told = true;
    });
  }

  async read(track: MediaStreamTrack): Promise<void> {
    const turn = ++this.turn;
    this.source?.stop();
    const source = await startSource(track, this.client);
    // Another track came meanwhile, or the end.
    if (turn !== this.turn) source.stop();
    else this.source = source;
  }

  async apply(config: LocalVideoConfig): Promise<void> {
    const { rpc } = this.client;
    const { mute } = config;
    await Promise.all([
      rpc.call('configure', { config: encoderConfig(config) }),
      rpc.call('setMuted', { muted: mute === true }),
    ]);
  }

  /** A picture to send instead of the camera's. */
  async setStill(url: string | undefined): Promise<void> {
    const still = url === undefined ? null : await loadPicture(url);
    await this.client.rpc.call('setStill', { still }, still ? [still] : []);
  }

  /** A port for the engine worker: encoded frames flow from now on. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.client.rpc.call('connect', { port: port1 }, [port1]).catch(() => undefined);
    return port2;
  }

  disconnect(): void {
    this.client.rpc.call('disconnect').catch(() => undefined);
  }

  stats(): Promise<EncoderStats> {
    return this.client.rpc.call('stats');
  }

  close(): void {
    this.turn++;
    this.source?.stop();
    this.client.close();
  }
}

/** The sizes that a local video is sent in, the big one first. */
export function encodingsOf({ profile, small }: LocalVideoOption): EncodingConfig[] {
  const main = resolveVideoProfile(profile);
  return [main, resolveSmallProfile(small, main) ?? []].flat().map((each) => ({
    ...{ width: each.width, height: each.height, frameRate: each.frameRate },
    bitrateBps: each.bitrate * 1000,
  }));
}

function encoderConfig({ option = {} }: LocalVideoConfig): EncoderConfig {
  const [big, small] = encodingsOf(option) as [EncodingConfig, EncodingConfig?];
  return {
    ...big,
    ...(small && { small }),
    mirror: option.mirror === 'publish' || option.mirror === 'both',
    rotation: [90, 180, 270].includes(option.rotation ?? 0) ? (option.rotation as number) : 0,
  };
}

/** By way of an <img>: a page's policy lets pictures in that it would not let be fetched. */
async function loadPicture(url: string): Promise<ImageBitmap> {
  try {
    const picture = new Image();
    picture.crossOrigin = 'anonymous';
    picture.src = url;
    await picture.decode();
    return await createImageBitmap(picture);
  } catch (originError) {
    throw new RtcError({
      name: 'INVALID_PARAMETER',
      functionName: 'updateLocalVideo',
      extraCode: EXTRA.NOT_ALLOWED_VALUE,
      message: `updateLocalVideo: 'mute' is no picture that can be loaded, got '${url.slice(0, 80)}'`,
      originError,
    });
  }
}

const encodeError = (message: string): RtcError =>
  new RtcError({ name: 'OPERATION_FAILED', extraCode: EXTRA.VIDEO_ENCODE, message });
