// One participant: the picture or the initials, the name, whether the microphone is on, who speaks.
import { hueOf, initialsOf } from '../session/identity';
import { h } from './dom';
import { icon } from './icons';

/** Volume 0–100 from which somebody counts as speaking. */
const SPEAKING_VOLUME = 12;

export class Tile {
  readonly element: HTMLElement;
  /** Where the SDK puts the <video>. */
  readonly view: HTMLElement;
  #microphone: HTMLElement;
  #status: HTMLElement;
  #name: string;

  constructor({ userId, name, self = false }: { userId: string; name: string; self?: boolean }) {
    this.#name = name;
    this.view = h('div', { class: 'tile-view' });
    this.#microphone = h('span', { class: 'tile-microphone' }, icon('microphone-off'));
    this.#status = h('span', { class: 'off-screen' });
    const avatar = h('div', { class: 'avatar', 'aria-hidden': 'true' }, initialsOf(name));
    avatar.style.setProperty('--hue', String(hueOf(userId)));
    this.element = h(
      'li',
      { class: `tile${self ? ' self' : ''}`, 'data-user': userId },
      h('div', { class: 'tile-place' }, avatar),
      this.view,
      h(
        'div',
        { class: 'tile-label' },
        this.#microphone,
        h('span', { class: 'tile-name' }, name),
        self && h('span', { class: 'tag' }, 'you'),
        this.#status,
      ),
    );
    this.setAudio(false);
    this.setVideo(false);
  }

  setAudio(on: boolean): void {
    this.element.classList.toggle('audio', on);
    if (!on) this.setVolume(0);
    this.#describe();
  }

  setVideo(on: boolean): void {
    this.element.classList.toggle('video', on);
    this.#describe();
  }

  setVolume(volume: number): void {
    this.element.classList.toggle('speaking', volume >= SPEAKING_VOLUME);
    this.element.style.setProperty('--volume', String(Math.min(1, volume / 60)));
  }

  #describe(): void {
    const { classList } = this.element;
    const parts = [
      classList.contains('audio') ? 'microphone on' : 'microphone off',
      classList.contains('video') ? 'camera on' : 'camera off',
    ];
    this.#status.textContent = parts.join(', ');
    this.element.setAttribute('aria-label', this.#name);
  }
}
