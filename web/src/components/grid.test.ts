import { describe, expect, it } from 'vitest';
import { GAP, layoutGrid } from './grid';

describe('grid', () => {
  it.each([1, 2, 3, 4, 5, 9, 16, 30])('%i tiles stay within the stage', (count) => {
    for (const [width, height] of [
      [1280, 640],
      [366, 560],
      [800, 800],
    ] as const) {
      const { columns, rows, tileWidth, tileHeight } = layoutGrid(count, width, height);
      expect(columns * rows).toBeGreaterThanOrEqual(count);
      expect(columns * tileWidth + (columns - 1) * GAP).toBeLessThanOrEqual(width);
      expect(rows * tileHeight + (rows - 1) * GAP).toBeLessThanOrEqual(height);
      expect(tileWidth).toBeGreaterThan(40);
    }
  });

  it('puts two side by side on a desktop and one above the other on a phone', () => {
    expect(layoutGrid(2, 1280, 600)).toMatchObject({ columns: 2, rows: 1 });
    expect(layoutGrid(2, 366, 740)).toMatchObject({ columns: 1, rows: 2 });
  });

  it('fills a phone with three', () => {
    expect(layoutGrid(3, 366, 696)).toEqual({
      columns: 1,
      rows: 3,
      tileWidth: 366,
      tileHeight: 224,
    });
  });

  it('does not break on a stage without room', () => {
    expect(layoutGrid(3, 0, 0).tileWidth).toBe(0);
  });
});
