// In the call: everybody's tiles, the controls, the statistics.
import { copyText } from '../components/clipboard';
import { h } from '../components/dom';
import { keepLayout } from '../components/grid';
import { brand, icon } from '../components/icons';
import { deviceSelect } from '../components/select';
import { Tile } from '../components/tile';
import { toast } from '../components/toast';
import type { Devices } from '../media/devices';
import type { LocalMedia } from '../media/local';
import { nameOf } from '../session/identity';
import { inviteLink } from '../session/room';
import { StatsPanel } from '../stats/panel';
import { toggle } from './toggle';

export interface CallViewOptions {
  userId: string;
  room: string;
  media: LocalMedia;
  devices: Devices;
  onLeave: () => void;
}

/** Words for NETWORK_QUALITY 1–6. */
const QUALITY = ['', 'excellent', 'good', 'average', 'poor', 'very poor', 'down'];

export class CallView {
  readonly element: HTMLElement;
  readonly own: Tile;
  readonly stats = new StatsPanel(nameOf);
  #tiles = new Map<string, Tile>();
  #stage = h('ul', { class: 'stage', 'aria-label': 'People in the room' });
  #layout: () => void;
  #banner = h('div', { class: 'banner', role: 'status', hidden: true });
  #count = h('span', { class: 'count' });
  #quality = h('span', { class: 'quality', role: 'img', hidden: true });
  #empty: HTMLElement;
  #options: CallViewOptions;
  #microphone: ReturnType<typeof toggle>;
  #camera: ReturnType<typeof toggle>;
  #disposers: (() => void)[] = [];

  constructor(options: CallViewOptions) {
    const { userId, media } = options;
    this.#options = options;
    this.#microphone = toggle('microphone', (on) => media.setMicrophone(on));
    this.#camera = toggle('camera', (on) => media.setCamera(on));
    this.own = new Tile({ userId, name: nameOf(userId), self: true });
    this.#stage.append(this.own.element);
    this.#layout = keepLayout(this.#stage);
    this.#empty = h(
      'div',
      { class: 'alone' },
      h('p', {}, 'Nobody else is here yet.'),
      this.#copyButton('Copy the invite link'),
    );
    this.element = h(
      'main',
      { class: 'call' },
      this.#top(),
      this.#banner,
      h(
        'div',
        { class: 'call-body' },
        h('div', { class: 'stage-place' }, this.#stage, this.#empty),
        this.stats.element,
      ),
      this.#controls(),
    );
    this.refresh();
    this.#peopleChanged();
  }

  /** Takes over what the own media are now. */
  refresh(): void {
    const { camera, microphone } = this.#options.media;
    this.#camera.set(camera);
    this.#microphone.set(microphone);
    this.own.setVideo(camera);
    this.own.setAudio(microphone);
  }

  /** The tile of a user; screens have tiles of their own. */
  tile(userId: string, streamType: 'main' | 'sub' = 'main'): Tile {
    const key = `${streamType}/${userId}`;
    let tile = this.#tiles.get(key);
    if (!tile) {
      const name = streamType === 'sub' ? `${nameOf(userId)}’s screen` : nameOf(userId);
      tile = new Tile({ userId, name });
      if (streamType === 'sub') tile.element.classList.add('screen');
      this.#tiles.set(key, tile);
      this.#stage.append(tile.element);
      this.#peopleChanged();
    }
    return tile;
  }

  find(userId: string): Tile | undefined {
    return userId === '' ? this.own : this.#tiles.get(`main/${userId}`);
  }

  get users(): string[] {
    return [...this.#tiles.keys()].map((key) => key.slice(key.indexOf('/') + 1));
  }

  remove(userId: string, streamType: 'main' | 'sub'): void {
    const key = `${streamType}/${userId}`;
    this.#tiles.get(key)?.element.remove();
    this.#tiles.delete(key);
    this.#peopleChanged();
  }

  /** Across the top until it is taken away by ''. */
  banner(text: string): void {
    this.#banner.textContent = text;
    this.#banner.hidden = text === '';
  }

  setQuality(worst: number): void {
    const word = QUALITY[worst] ?? '';
    this.#quality.hidden = word === '';
    this.#quality.dataset.quality = String(worst);
    this.#quality.title = `Connection: ${word}`;
    this.#quality.setAttribute('aria-label', `Connection ${word}`);
  }

  dispose(): void {
    this.stats.destroy();
    for (const dispose of this.#disposers) dispose();
    this.element.remove();
  }

  #peopleChanged(): void {
    const people = 1 + [...this.#tiles.keys()].filter((key) => key.startsWith('main/')).length;
    const words = h('span', { class: 'off-screen' }, people === 1 ? 'person' : 'people');
    this.#count.replaceChildren(icon('people'), String(people), words);
    this.#empty.hidden = people > 1;
    this.#layout();
  }

  #top(): HTMLElement {
    return h(
      'header',
      { class: 'call-head' },
      brand(),
      h('h1', { class: 'room', title: this.#options.room }, this.#options.room),
      this.#quality,
      this.#count,
      this.#copyButton('Invite'),
    );
  }

  #copyButton(label: string): HTMLElement {
    const copy = async () => {
      const link = inviteLink(this.#options.room, location.href);
      const copied = await copyText(link);
      toast(copied ? 'The invite link is copied.' : `The link: ${link}`);
    };
    return h(
      'button',
      {
        class: 'button',
        type: 'button',
        'data-control': 'invite',
        'aria-label': 'Copy the invite link',
        onclick: copy,
      },
      icon('link'),
      h('span', { class: 'label' }, label),
    );
  }

  #controls(): HTMLElement {
    const panel = this.stats.element;
    const stats = h(
      'button',
      {
        class: 'round',
        type: 'button',
        'data-control': 'statistics',
        'aria-label': 'Statistics',
        title: 'Statistics',
        'aria-expanded': 'false',
      },
      icon('chart'),
    );
    const show = (open: boolean) => {
      panel.hidden = !open;
      stats.setAttribute('aria-expanded', String(open));
      stats.classList.toggle('active', open);
    };
    stats.addEventListener('click', () => show(panel.hidden !== false));
    this.stats.onClose = () => {
      show(false);
      stats.focus();
    };
    const leave = h(
      'button',
      {
        class: 'round leave',
        type: 'button',
        'data-control': 'leave',
        'aria-label': 'Leave',
        title: 'Leave',
        onclick: () => this.#options.onLeave(),
      },
      icon('leave'),
    );
    return h(
      'nav',
      { class: 'controls', 'aria-label': 'Controls' },
      this.#withMenu(this.#microphone.element, 'Sound devices', ['microphone', 'speaker']),
      this.#withMenu(this.#camera.element, 'Camera', ['camera']),
      stats,
      leave,
    );
  }

  /** A button with a small one that opens the device choice. */
  #withMenu(button: HTMLElement, title: string, kinds: ('microphone' | 'speaker' | 'camera')[]) {
    const selects = kinds.map((kind) => deviceSelect(this.#options.devices, kind));
    this.#disposers.push(...selects.map(({ dispose }) => dispose));
    const summary = h(
      'summary',
      { 'aria-label': `${title}: choose`, title: `${title}: choose` },
      icon('chevron'),
    );
    const menu = h(
      'details',
      { class: 'menu' },
      summary,
      h('div', { class: 'menu-body' }, ...selects.map(({ element }) => element)),
    );
    closeOutside(menu, this.#disposers);
    return h('div', { class: 'split' }, button, menu);
  }
}

/** Closes an open menu by a click elsewhere or Escape. */
function closeOutside(menu: HTMLDetailsElement, disposers: (() => void)[]): void {
  const away = (event: Event) => {
    if (!menu.contains(event.target as Node)) menu.open = false;
  };
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
  };
  document.addEventListener('pointerdown', away);
  document.addEventListener('keydown', escape);
  disposers.push(() => {
    document.removeEventListener('pointerdown', away);
    document.removeEventListener('keydown', escape);
  });
}
