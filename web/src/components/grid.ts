// How tiles share the stage: the arrangement that shows the largest pictures.

export interface GridLayout {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
}

/** Gap between tiles in pixels, as in the style sheet. */
export const GAP = 12;

/** What the shape of a tile may be: on a wide stage as cameras are, on a phone held upright whatever fills it. */
const WIDE = { least: 16 / 9, most: 16 / 9 };
const UPRIGHT = { least: 3 / 4, most: 16 / 9 };

/** The layout of `count` tiles on a stage of the given size. */
export function layoutGrid(count: number, width: number, height: number): GridLayout {
  const { least, most } = width >= height ? WIDE : UPRIGHT;
  const tiles = Math.max(1, count);
  let best: GridLayout = { columns: 1, rows: tiles, tileWidth: 0, tileHeight: 0 };
  for (let columns = 1; columns <= tiles; columns++) {
    const rows = Math.ceil(tiles / columns);
    const roomX = Math.max(0, (width - GAP * (columns - 1)) / columns);
    const roomY = Math.max(0, (height - GAP * (rows - 1)) / rows);
    const ratio = Math.min(Math.max(roomX / (roomY || 1), least), most);
    const tileWidth = Math.floor(Math.min(roomX, roomY * ratio));
    const tileHeight = Math.floor(tileWidth / ratio);
    if (tileWidth * tileHeight > best.tileWidth * best.tileHeight) {
      best = { columns, rows, tileWidth, tileHeight };
    }
  }
  return best;
}

/** Keeps the tiles of `stage` laid out; returns a function to call after tiles came or went. */
export function keepLayout(stage: HTMLElement): () => void {
  const apply = () => {
    const style = getComputedStyle(stage);
    const width =
      stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height =
      stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const { tileWidth, tileHeight } = layoutGrid(stage.childElementCount, width, height);
    stage.style.setProperty('--tile-width', `${tileWidth}px`);
    stage.style.setProperty('--tile-height', `${tileHeight}px`);
  };
  new ResizeObserver(apply).observe(stage);
  return apply;
}
