// How tiles share the stage: the arrangement that shows the largest pictures.

export interface GridLayout {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
}

/** Gap between tiles in pixels, as in the style sheet. */
export const GAP = 12;

/** Pictures are wide on a wide stage; on a phone held upright they may be taller. */
function ratioFor(count: number, width: number, height: number): number {
  if (width >= height) return 16 / 9;
  if (count === 1) return 3 / 4;
  return count === 2 ? 1 : 4 / 3;
}

/** The layout of `count` tiles on a stage of the given size. */
export function layoutGrid(count: number, width: number, height: number): GridLayout {
  const ratio = ratioFor(count, width, height);
  let best: GridLayout = { columns: 1, rows: Math.max(1, count), tileWidth: 0, tileHeight: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const roomX = (width - GAP * (columns - 1)) / columns;
    const roomY = (height - GAP * (rows - 1)) / rows;
    const tileWidth = Math.floor(Math.max(0, Math.min(roomX, roomY * ratio)));
    if (tileWidth > best.tileWidth) {
      best = { columns, rows, tileWidth, tileHeight: Math.floor(tileWidth / ratio) };
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
