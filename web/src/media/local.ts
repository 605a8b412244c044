// Your own camera and microphone, from the lobby into the call: they start before the room is entered, and the SDK
// publishes them when it is.
import type TRTC from 'ferry-rtc';
import type { Devices } from './devices';

/** A picture that codecs in WebAssembly send at 30 frames a second on two cores. */
const PROFILE = { width: 640, height: 360, frameRate: 30, bitrate: 1000 };

export class LocalMedia {
  camera = false;
  microphone = false;
  /** Told after each change, and what went wrong. */
  onChange: () => void = () => {};
  onError: (error: unknown) => void = () => {};

  #trtc: TRTC;
  #devices: Devices;
  #view: HTMLElement | null = null;
  #microphoneStarted = false;

  constructor(trtc: TRTC, devices: Devices) {
    this.#trtc = trtc;
    this.#devices = devices;
    devices.apply = (kind, deviceId) => this.#switch(kind, deviceId);
  }

  /** Starts both; one may be missing or forbidden. */
  async start(view: HTMLElement): Promise<void> {
    this.#view = view;
    // One after the other: the browser asks for each permission in its turn.
    await this.setCamera(true);
    await this.setMicrophone(true);
    await this.#devices.refresh();
  }

  /** Shows the own picture elsewhere. */
  async show(view: HTMLElement): Promise<void> {
    this.#view = view;
    if (this.camera) await this.#guard(() => this.#trtc.updateLocalVideo({ view }));
  }

  /** Off releases the device: its light goes out. */
  async setCamera(on: boolean): Promise<void> {
    const done = await this.#guard(() => (on ? this.#startCamera() : this.#trtc.stopLocalVideo()));
    if (done) this.camera = on;
    this.onChange();
  }

  async #startCamera(): Promise<void> {
    const cameraId = this.#devices.chosen('camera');
    await this.#trtc.startLocalVideo({
      view: this.#view,
      option: { profile: PROFILE, mirror: 'view', ...(cameraId && { cameraId }) },
    });
  }

  /** Off mutes: quicker than stopping, and it can be on again within a word. */
  async setMicrophone(on: boolean): Promise<void> {
    const microphoneId = this.#devices.chosen('microphone');
    const done = await this.#guard(async () => {
      if (this.#microphoneStarted) await this.#trtc.updateLocalAudio({ mute: !on });
      else if (on) {
        await this.#trtc.startLocalAudio({ ...(microphoneId && { option: { microphoneId } }) });
        this.#microphoneStarted = true;
      }
    });
    if (done) this.microphone = on;
    this.onChange();
  }

  async stop(): Promise<void> {
    await this.#trtc.stopLocalVideo();
    await this.#trtc.stopLocalAudio();
  }

  async #switch(kind: 'camera' | 'microphone' | 'speaker', deviceId: string): Promise<void> {
    if (kind === 'camera' && this.camera) {
      await this.#guard(() => this.#trtc.updateLocalVideo({ option: { cameraId: deviceId } }));
    }
    if (kind === 'microphone' && this.#microphoneStarted) {
      await this.#guard(() => this.#trtc.updateLocalAudio({ option: { microphoneId: deviceId } }));
    }
  }

  async #guard(task: () => Promise<void>): Promise<boolean> {
    try {
      await task();
      return true;
    } catch (error) {
      this.onError(error);
      return false;
    }
  }
}
