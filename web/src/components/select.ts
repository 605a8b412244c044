// A choice of devices.
import type { DeviceKind, Devices } from '../media/devices';
import { h, uniqueId } from './dom';
import { icon, type IconName } from './icons';

const LABELS: Record<DeviceKind, { label: string; icon: IconName; none: string }> = {
  camera: { label: 'Camera', icon: 'camera', none: 'No camera found' },
  microphone: { label: 'Microphone', icon: 'microphone', none: 'No microphone found' },
  speaker: { label: 'Speaker', icon: 'speaker', none: 'The system’s speaker' },
};

/** A labelled list of the devices of a kind that follows plugging and choosing. Call `dispose` when it goes. */
export function deviceSelect(devices: Devices, kind: DeviceKind) {
  const id = uniqueId(kind);
  const { label, icon: name, none } = LABELS[kind];
  const select = h('select', { id, onchange: () => void devices.choose(kind, select.value) });
  const fill = () => {
    const list = devices.list(kind);
    const options = list.map(({ deviceId, label: text }, index) =>
      h('option', { value: deviceId }, text || `${label} ${index + 1}`),
    );
    if (options.length === 0) options.push(h('option', { value: '' }, none));
    select.replaceChildren(...options);
    select.disabled = list.length === 0;
    select.value = devices.chosen(kind);
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  };
  fill();
  const dispose = devices.onChange(fill);
  const element = h(
    'div',
    { class: 'field device' },
    h('label', { for: id }, icon(name), label),
    select,
  );
  return { element, dispose };
}
