// The panel: the link to the gateway, then each stream with its figures and a chart.
import type { TRTCStatistics } from 'ferry-rtc';
import { h } from '../components/dom';
import { icon } from '../components/icons';
import { Chart, type Line } from './chart';
import { Series, streamsOf, type Sample, type Stream } from './series';

/** Cards are made for this many streams at most: a panel of more is read by nobody. */
const MAX_CARDS = 40;

const KIND_ICON = { audio: 'microphone', video: 'camera', screen: 'chart' } as const;
const KIND_WORD = { audio: 'sound', video: 'picture', screen: 'screen' } as const;

/** A card of figures over a chart. */
class Card {
  readonly element: HTMLElement;
  #figures: HTMLElement;
  #chart: Chart;

  constructor(title: Node[], lines: Line[]) {
    this.#chart = new Chart(lines);
    this.#figures = h('dl', { class: 'figures' });
    const legend = lines.map(({ label, color }) => {
      const key = h('span', { class: 'key' }, label);
      key.style.setProperty('--key', `var(${color})`);
      return key;
    });
    this.element = h(
      'section',
      { class: 'card' },
      h('h3', {}, ...title),
      this.#figures,
      this.#chart.element,
      h('div', { class: 'legend', 'aria-hidden': 'true' }, ...legend),
    );
  }

  update(figures: [label: string, value: string][]): void {
    this.#figures.replaceChildren(
      ...figures.map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value))),
    );
    this.#chart.update();
  }

  destroy(): void {
    this.#chart.destroy();
    this.element.remove();
  }
}

class StreamCard {
  readonly card: Card;
  #bitrate = new Series();
  #second = new Series();
  #video: boolean;

  constructor({ kind }: Stream, name: string, own: boolean) {
    this.#video = kind !== 'audio';
    const second: Line = this.#video
      ? { series: this.#second, label: 'frames/s', color: '--chart-2', unit: 'fps' }
      : { series: this.#second, label: 'delay', color: '--chart-2', unit: 'ms' };
    const lines: Line[] = [
      { series: this.#bitrate, label: 'bitrate', color: '--chart-1', unit: 'kbps' },
    ];
    if (this.#video || !own) lines.push(second);
    const title = [icon(KIND_ICON[kind]), h('span', {}, name), h('small', {}, KIND_WORD[kind])];
    this.card = new Card(title, lines);
  }

  update(sample: Sample): void {
    this.#bitrate.push(sample.bitrate);
    this.#second.push(this.#video ? sample.frameRate : sample.delay);
    this.card.update(figuresOf(sample));
  }
}

/** A stream's figures, as label and words. */
export function figuresOf(sample: Sample): [string, string][] {
  const figures: [string, string][] = [['Bitrate', formatRate(sample.bitrate)]];
  if (sample.frameRate !== null) figures.push(['Frames', `${Math.round(sample.frameRate)} /s`]);
  if (sample.resolution) figures.push(['Size', sample.resolution]);
  if (sample.delay !== null) figures.push(['Delay', `${Math.round(sample.delay)} ms`]);
  if (sample.loss !== null) figures.push(['Loss', formatPercent(sample.loss)]);
  return figures;
}

export function formatRate(kbps: number): string {
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(2)} Mbps` : `${Math.round(kbps)} kbps`;
}

export function formatPercent(percent: number): string {
  return `${percent >= 10 || percent === 0 ? Math.round(percent) : percent.toFixed(1)} %`;
}

export class StatsPanel {
  readonly element: HTMLElement;
  onClose: () => void = () => {};
  #nameOf: (userId: string) => string;
  #rtt = new Series();
  #loss = new Series();
  #link: Card;
  #cards = new Map<string, StreamCard>();
  #list = h('div', { class: 'cards', tabIndex: 0, role: 'group', 'aria-label': 'Streams' });

  constructor(nameOf: (userId: string) => string) {
    this.#nameOf = nameOf;
    this.#link = new Card(
      [icon('link'), h('span', {}, 'Gateway')],
      [
        { series: this.#rtt, label: 'round trip', color: '--chart-1', unit: 'ms' },
        { series: this.#loss, label: 'loss', color: '--chart-3', unit: '%' },
      ],
    );
    this.#list.append(this.#link.element);
    const close = h(
      'button',
      {
        class: 'plain',
        type: 'button',
        'aria-label': 'Close statistics',
        onclick: () => this.onClose(),
      },
      icon('close'),
    );
    this.element = h(
      'aside',
      { class: 'panel', hidden: true, 'aria-label': 'Statistics' },
      h('header', {}, h('h2', {}, 'Statistics'), close),
      this.#list,
    );
  }

  /** Takes a STATISTICS event. */
  update(statistics: TRTCStatistics): void {
    const { rtt, upLoss, downLoss, bytesSent, bytesReceived } = statistics;
    this.#rtt.push(rtt);
    this.#loss.push(Math.max(upLoss, downLoss));
    this.#link.update([
      ['Round trip', `${Math.round(rtt)} ms`],
      ['Loss up', formatPercent(upLoss)],
      ['Loss down', formatPercent(downLoss)],
      ['Sent', formatBytes(bytesSent)],
      ['Received', formatBytes(bytesReceived)],
    ]);
    const streams = streamsOf(statistics).slice(0, MAX_CARDS);
    for (const stream of streams) this.#cardOf(stream).update(stream.sample);
    const present = new Set(streams.map(({ key }) => key));
    for (const [key, { card }] of this.#cards) {
      if (present.has(key)) continue;
      card.destroy();
      this.#cards.delete(key);
    }
  }

  destroy(): void {
    this.#link.destroy();
    for (const { card } of this.#cards.values()) card.destroy();
    this.#cards.clear();
  }

  #cardOf(stream: Stream): StreamCard {
    let card = this.#cards.get(stream.key);
    if (!card) {
      const own = stream.userId === '';
      card = new StreamCard(stream, own ? 'You' : this.#nameOf(stream.userId), own);
      card.card.element.dataset.stream = stream.key;
      this.#cards.set(stream.key, card);
      this.#list.append(card.card.element);
    }
    return card;
  }
}

function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
