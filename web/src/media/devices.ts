// The devices of this machine, and which of them are wanted.
import TRTC from 'ferry-rtc';

export type DeviceKind = 'camera' | 'microphone' | 'speaker';
const KINDS: DeviceKind[] = ['camera', 'microphone', 'speaker'];
const KEY = 'ferry.device.';

/** Lists, choices (kept for the next visit), and news of both. */
export class Devices {
  #lists: Record<DeviceKind, MediaDeviceInfo[]> = { camera: [], microphone: [], speaker: [] };
  #chosen: Record<DeviceKind, string> = { camera: '', microphone: '', speaker: '' };
  #listeners = new Set<() => void>();
  /** Switches what runs to a device; set by whoever runs it. */
  apply: (kind: DeviceKind, deviceId: string) => Promise<void> = async () => {};

  constructor() {
    for (const kind of KINDS) this.#chosen[kind] = localStorage.getItem(KEY + kind) ?? '';
  }

  list(kind: DeviceKind): MediaDeviceInfo[] {
    return this.#lists[kind];
  }

  /** The deviceId that is wanted; '' means the system's choice. */
  chosen(kind: DeviceKind): string {
    const id = this.#chosen[kind];
    return this.#lists[kind].some(({ deviceId }) => deviceId === id) ? id : '';
  }

  /** Asks the browser again. Labels are there once a device has been allowed. */
  async refresh(): Promise<void> {
    const lists = await Promise.all([
      TRTC.getCameraList(false),
      TRTC.getMicrophoneList(false),
      TRTC.getSpeakerList(false),
    ]).catch(() => null); // A browser without devices: the lists stay empty, the call goes on.
    if (!lists) return;
    KINDS.forEach((kind, index) => {
      this.#lists[kind] = (lists[index] ?? []).filter(({ deviceId }) => deviceId !== '');
    });
    this.#tell();
  }

  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.#chosen[kind] = deviceId;
    localStorage.setItem(KEY + kind, deviceId);
    this.#tell();
    if (kind === 'speaker') await TRTC.setCurrentSpeaker(deviceId);
    else await this.apply(kind, deviceId);
  }

  /** What runs now, as DEVICE_CHANGED told: shown in the lists, not kept as a choice. */
  setActive(kind: DeviceKind, deviceId: string): void {
    this.#chosen[kind] = deviceId;
    this.#tell();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
