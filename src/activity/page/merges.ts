import UPlot from 'uplot';
import type { Stats } from '../../wire/index.js';

/** Of the mark, CSS pixels. */
const HEIGHT = 18;
/** Where its number does not fit. */
const SMALL = 10;
const ABOVE_BAR = 3;
const BETWEEN = 2;

/**
 * Puts a mark with the number of merges above the bar of each step that had any. They have no scale of their own, and none
 * is drawn on that of the events: one merge brings a thousand of them, and would lie on the ground.
 */
export function drawMerges(plot: UPlot, items: Stats['items'], { fill, ink, font }: { fill: string; ink: string; font: string }): void {
  const { ctx, bbox } = plot;
  const scale = UPlot.pxRatio;
  const widest = bbox.width / items.length - BETWEEN * scale;
  ctx.save();
  ctx.font = `600 ${11 * scale}px ${font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  const marked = items.filter(({ merges }) => merges > 0).map((item) => ({ ...item, text: shortNumber(item.merges) }));
  const widthOf = (text: string): number => Math.max(HEIGHT * scale, ctx.measureText(text).width + 7 * scale);
  // All of them or none: a dot between numbers would look like fewer.
  const isNumbered = marked.every(({ text }) => widthOf(text) <= widest);
  for (const { at, events, text } of marked) {
    const height = (isNumbered ? HEIGHT : SMALL) * scale;
    const width = isNumbered ? widthOf(text) : height;
    const x = plot.valToPos(at / 1000, 'x', true);
    const y = plot.valToPos(events, 'y', true) - ABOVE_BAR * scale - height / 2;
    ctx.fillStyle = fill;
    ctx.beginPath();
    ctx.roundRect(x - width / 2, y - height / 2, width, height, height / 2);
    ctx.fill();
    ctx.fillStyle = ink;
    if (isNumbered) ctx.fillText(text, x, y + scale / 2);
  }
  ctx.restore();
}

export function shortNumber(count: number): string {
  return count.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
}
