// The round buttons of microphone and camera.
import { h } from '../components/dom';
import { icon } from '../components/icons';

const WORDS = { microphone: 'microphone', camera: 'camera' } as const;

/** A button that switches a device; waits until the switching is done. */
export function toggle(kind: 'microphone' | 'camera', onSwitch: (on: boolean) => Promise<void>) {
  let on = false;
  const element = h('button', { class: 'round toggle', type: 'button', 'data-control': kind });
  const set = (now: boolean) => {
    on = now;
    element.replaceChildren(icon(on ? kind : `${kind}-off`));
    const label = `Turn ${WORDS[kind]} ${on ? 'off' : 'on'}`;
    element.setAttribute('aria-label', label);
    element.title = label;
    element.classList.toggle('off', !on);
  };
  const turn = async () => {
    element.disabled = true;
    await onSwitch(!on);
    element.disabled = false;
  };
  element.addEventListener('click', () => void turn());
  set(false);
  return { element, set };
}
