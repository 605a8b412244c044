import { openForMoment } from './device-list';

export type DeviceType = 'camera' | 'microphone';
export type Permissions = { [K in DeviceType]?: PermissionState | null };

/** State of the permissions, after asking for those that are undecided when `request`. */
export async function getPermissions(
  request = true,
  types: DeviceType[] = ['camera', 'microphone'],
): Promise<Permissions> {
  const result: Permissions = {};
  for (const type of types) {
    const state = await query(type);
    if (request && state !== 'granted' && state !== 'denied') {
      const kind = type === 'camera' ? 'video' : 'audio';
      await openForMoment(kind, 'getPermissions').catch(() => undefined);
      result[type] = await query(type);
    } else {
      result[type] = state;
    }
  }
  return result;
}

/** null: this browser cannot tell. */
async function query(type: DeviceType): Promise<PermissionState | null> {
  try {
    const { state } = await navigator.permissions.query({ name: type as PermissionName });
    return state;
  } catch {
    return null;
  }
}
