// Before the call: how you look and sound, who you are, where to go.
import { deviceSelect } from '../components/select';
import { h, uniqueId } from '../components/dom';
import { brand, icon } from '../components/icons';
import type { Words } from '../errors/words';
import type { Devices } from '../media/devices';
import type { LocalMedia } from '../media/local';
import { initialsOf } from '../session/identity';
import { parseRoom, suggestRoom } from '../session/room';
import { toggle } from './toggle';

export interface LobbyOptions {
  name: string;
  /** The room of the invite link or of the call before, or ''. */
  room: string;
  /** Comes out of a call. */
  returning: boolean;
  media: LocalMedia;
  devices: Devices;
  onJoin: (name: string, room: string) => Promise<void>;
}

export class Lobby {
  readonly element: HTMLElement;
  /** Where the own picture goes. */
  readonly view = h('div', { class: 'preview-view' });
  #media: LocalMedia;
  #camera: ReturnType<typeof toggle>;
  #microphone: ReturnType<typeof toggle>;
  #level = h('div', { class: 'level', 'aria-hidden': 'true' }, h('span'));
  #avatar = h('div', { class: 'avatar', 'aria-hidden': 'true' });
  #note = h('p', { class: 'note', hidden: true, role: 'alert' });
  #preview: HTMLElement;
  #join: HTMLButtonElement;
  #disposers: (() => void)[] = [];

  constructor(options: LobbyOptions) {
    const { media, devices } = options;
    this.#media = media;
    this.#camera = toggle('camera', (on) => media.setCamera(on));
    this.#microphone = toggle('microphone', (on) => media.setMicrophone(on));
    this.#preview = h(
      'div',
      { class: 'preview' },
      h('div', { class: 'tile-place' }, this.#avatar),
      this.view,
      h('div', { class: 'preview-controls' }, this.#microphone.element, this.#camera.element),
      this.#level,
    );
    this.#join = h('button', { class: 'button primary large', type: 'submit' }, 'Enter the room');
    const selects = (['camera', 'microphone', 'speaker'] as const).map((kind) =>
      deviceSelect(devices, kind),
    );
    this.#disposers = selects.map(({ dispose }) => dispose);
    this.element = h(
      'main',
      { class: 'lobby' },
      h('header', { class: 'lobby-head' }, brand()),
      h(
        'div',
        { class: 'lobby-body' },
        h(
          'section',
          { class: 'lobby-media', 'aria-label': 'Camera and microphone' },
          this.#preview,
          this.#note,
          h('div', { class: 'devices' }, ...selects.map(({ element }) => element)),
        ),
        this.#form(options),
      ),
      h(
        'footer',
        { class: 'lobby-foot' },
        'Audio and video travel through your own gateway, coded in WebAssembly.',
      ),
    );
    this.refresh();
  }

  /** Takes over what the media are now. */
  refresh(): void {
    const { camera, microphone } = this.#media;
    this.#camera.set(camera);
    this.#microphone.set(microphone);
    this.#preview.classList.toggle('video', camera);
    this.#level.hidden = !microphone;
    if (camera && microphone) this.#note.hidden = true;
  }

  setLevel(volume: number): void {
    this.#level.style.setProperty('--level', String(Math.min(1, volume / 50)));
  }

  /** A device that does not work is said here: one can enter without it. */
  note({ title, text }: Words): void {
    this.#note.replaceChildren(icon('warning'), h('span', {}, h('strong', {}, title), ` ${text}`));
    this.#note.hidden = false;
  }

  dispose(): void {
    for (const dispose of this.#disposers) dispose();
    this.element.remove();
  }

  #form({ name, room, returning, onJoin }: LobbyOptions): HTMLElement {
    const nameField = field('Your name', { value: name, maxLength: 40, autocomplete: 'name' });
    const roomField = field('Room', {
      value: room || suggestRoom(),
      maxLength: 64,
      autocomplete: 'off',
      spellcheck: false,
    });
    const dice = h(
      'button',
      {
        class: 'plain',
        type: 'button',
        'aria-label': 'Suggest another room',
        onclick: () => {
          roomField.input.value = suggestRoom();
          roomField.setError('');
        },
      },
      icon('dice'),
    );
    if (!room || returning) roomField.row.append(dice);
    const showInitials = () => {
      this.#avatar.textContent = nameField.input.value.trim()
        ? initialsOf(nameField.input.value)
        : '';
    };
    nameField.input.addEventListener('input', showInitials);
    showInitials();
    const submit = async (event: Event) => {
      event.preventDefault();
      const fine = [check(nameField, nameProblem), check(roomField, roomProblem)].every(Boolean);
      if (!fine) return;
      this.#busy(true);
      await onJoin(nameField.input.value.trim(), roomField.input.value.trim());
      this.#busy(false);
    };
    return h(
      'form',
      { class: 'lobby-form', noValidate: true, onsubmit: submit },
      ...heading(room, returning),
      nameField.element,
      roomField.element,
      this.#join,
    );
  }

  #busy(busy: boolean): void {
    this.#join.disabled = busy;
    this.#join.textContent = busy ? 'Entering…' : 'Enter the room';
  }
}

function heading(room: string, returning: boolean): HTMLElement[] {
  if (!room || returning) {
    const text = 'Whoever enters the same room sees and hears you.';
    return [h('h1', {}, 'Enter a room'), h('p', {}, text)];
  }
  const to = h('p', {}, 'to the room ', h('strong', {}, room), '.');
  return [h('h1', {}, 'You are invited'), to];
}

interface Field {
  element: HTMLElement;
  row: HTMLElement;
  input: HTMLInputElement;
  setError: (text: string) => void;
}

function field(label: string, properties: Record<string, unknown>): Field {
  const id = uniqueId('field');
  const errorId = `${id}-error`;
  const input = h('input', { id, type: 'text', 'aria-describedby': errorId, ...properties });
  const error = h('p', { id: errorId, class: 'field-error' });
  const setError = (text: string) => {
    error.textContent = text;
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  };
  input.addEventListener('input', () => setError(''));
  const row = h('div', { class: 'field-row' }, input);
  const element = h('div', { class: 'field' }, h('label', { for: id }, label), row, error);
  return { element, row, input, setError };
}

function check({ input, setError }: Field, problemOf: (text: string) => string): boolean {
  const problem = problemOf(input.value.trim());
  setError(problem);
  if (problem && !document.activeElement?.matches('[aria-invalid]')) input.focus();
  return problem === '';
}

function nameProblem(name: string): string {
  return name ? '' : 'Tell the others who you are.';
}

function roomProblem(room: string): string {
  if (!room) return 'Which room?';
  return parseRoom(room) ? '' : 'Use plain letters, digits, spaces or -, at most 64.';
}
