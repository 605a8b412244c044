import { mediaDevices } from './device-list';

export type DeviceType = 'camera' | 'microphone' | 'speaker';
export interface DeviceChange {
  type: DeviceType;
  action: 'add' | 'remove' | 'active';
  device: MediaDeviceInfo;
}

const TYPES: Record<MediaDeviceKind, DeviceType> = {
  videoinput: 'camera',
  audioinput: 'microphone',
  audiooutput: 'speaker',
};

/** Tells what was plugged in and out. */
export class DeviceWatcher {
  private known: MediaDeviceInfo[] = [];
  private devices: MediaDevices | undefined;
  private readonly listener = () => void this.compare();

  constructor(private readonly onChange: (change: DeviceChange) => void) {}

  async start(): Promise<void> {
    if (this.devices || typeof navigator === 'undefined' || !navigator.mediaDevices) return;
    this.devices = mediaDevices('create');
    this.devices.addEventListener('devicechange', this.listener);
    this.known = await this.devices.enumerateDevices().catch(() => []);
  }

  stop(): void {
    this.devices?.removeEventListener('devicechange', this.listener);
    this.devices = undefined;
  }

  /** The device that a track captures, told as the active one. */
  async active(
    kind: 'audioinput' | 'videoinput' | 'audiooutput',
    deviceId?: string,
  ): Promise<void> {
    const list = (await this.devices?.enumerateDevices().catch(() => [])) ?? [];
    const ofKind = list.filter((device) => device.kind === kind);
    const device = ofKind.find((item) => item.deviceId === deviceId) ?? ofKind[0];
    if (device && this.devices) this.onChange({ type: TYPES[kind], action: 'active', device });
  }

  private async compare(): Promise<void> {
    const list = (await this.devices?.enumerateDevices().catch(() => undefined)) ?? [];
    if (!this.devices) return;
    const before = this.known;
    this.known = list;
    // Labels and ids are empty before the permission; getting them is no new device.
    const usable = (devices: MediaDeviceInfo[]) =>
      devices.filter(({ deviceId }) => deviceId !== '');
    if (usable(before).length === 0 && before.length > 0) return;
    for (const [from, to, action] of [
      [before, list, 'add'],
      [list, before, 'remove'],
    ] as const) {
      for (const device of usable(to as MediaDeviceInfo[]))
        if (!from.some((other) => other.deviceId === device.deviceId && other.kind === device.kind))
          this.onChange({ type: TYPES[device.kind], action, device });
    }
  }
}
