// A small live chart of one or two lines.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { h } from '../components/dom';
import { MAX_SAMPLES, type Series } from './series';

export interface Line {
  series: Series;
  label: string;
  /** CSS custom property of its colour. */
  color: string;
  unit: string;
}

const HEIGHT = 56;
/** The top of a scale is at least this, so that small changes look small. */
const LEAST_TOP: Record<string, number> = { kbps: 100, fps: 35, ms: 50, '%': 5 };
/** The event comes every two seconds. */
const STEP_S = 2;

export class Chart {
  readonly element = h('div', { class: 'chart', 'aria-hidden': 'true' });
  #lines: Line[];
  #plot: uPlot | null = null;
  #resize = new ResizeObserver(() => this.#fit());

  constructor(lines: Line[]) {
    this.#lines = lines;
    this.#resize.observe(this.element);
  }

  update(): void {
    this.#plot?.setData(this.#data());
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#plot?.destroy();
  }

  #fit(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    if (this.#plot) this.#plot.setSize({ width, height: HEIGHT });
    else this.#plot = new uPlot(this.#options(width), this.#data(), this.element);
  }

  #data(): uPlot.AlignedData {
    const x = Array.from({ length: MAX_SAMPLES }, (_, i) => (i - MAX_SAMPLES + 1) * STEP_S);
    const padded = ({ series: { values } }: Line) => [
      ...new Array<null>(MAX_SAMPLES - values.length).fill(null),
      ...values,
    ];
    return [x, ...this.#lines.map(padded)];
  }

  #options(width: number): uPlot.Options {
    // Asked at each drawing: the colour scheme may change.
    const color = (name: string) => getComputedStyle(this.element).getPropertyValue(name).trim();
    const scales: uPlot.Scales = { x: { time: false } };
    this.#lines.forEach(({ unit }) => {
      scales[unit] = {
        range: (_plot, _min, max) => [0, Math.max(LEAST_TOP[unit] ?? 1, (max ?? 0) * 1.15)],
      };
    });
    return {
      width,
      height: HEIGHT,
      padding: [2, 0, 2, 0],
      cursor: { show: false },
      legend: { show: false },
      axes: [{ show: false }, { show: false, scale: this.#lines[0]?.unit ?? 'y' }],
      scales,
      series: [
        {},
        ...this.#lines.map(({ label, color: name, unit }, index) => ({
          label,
          scale: unit,
          stroke: () => color(name),
          width: 1.5,
          points: { show: false },
          ...(index === 0 && { fill: () => `${color(name)}22` }),
        })),
      ],
    };
  }
}
