import UPlot from 'uplot';
import type { Stats } from '../../wire/index.js';
import type { Api } from './api.js';
import { drawMerges, shortNumber } from './merges.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const REFRESH_MS = 15_000;
/** What came in is counted after this. */
const FOLLOW_MS = 1000;
/** Where counting takes long, it is at most this part of the time. */
const COUNTING_SHARE = 0.05;
const CHART_HEIGHT = 148;

/** What the chart can show: how much time, in steps of how much. */
const SPANS = {
  day: { steps: 24, step: HOUR_MS },
  month: { steps: 30, step: DAY_MS },
};

/** The counters and the chart above the log; they follow it while the page can be seen. */
export function createOverview(section: HTMLElement) {
  const place = section.querySelector<HTMLElement>('#chart')!;
  const counters = [...section.querySelectorAll<HTMLElement>('[data-counter]')];
  const spans = [...section.querySelectorAll<HTMLInputElement>('input[name=span]')];
  let api: Api | undefined;
  let chart: UPlot | undefined;
  let shown: Stats | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let following: ReturnType<typeof setTimeout> | undefined;
  let pauseMs = FOLLOW_MS;

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    if (!api) return;
    timer = setTimeout(() => void refresh(), REFRESH_MS);
    if (document.hidden) return;
    const { steps, step } = SPANS[(spans.find(({ checked }) => checked)?.value ?? 'day') as keyof typeof SPANS];
    const startedAt = performance.now();
    try {
      shown = await api.stats(startOf(steps, step), step);
      pauseMs = Math.max(FOLLOW_MS, (performance.now() - startedAt) / COUNTING_SHARE);
      section.hidden = false;
      draw(shown);
    } catch {
      // What is wrong with the collector, the log says below. A ledger that does not count has no chart.
      section.hidden = shown === undefined;
    }
  }

  function draw({ items, step }: Stats): void {
    for (const counter of counters) {
      const sum = items.reduce((total, item) => total + item[counter.dataset['counter'] as 'events' | 'merges'], 0);
      counter.textContent = sum.toLocaleString();
    }
    const data: UPlot.AlignedData = [items.map(({ at }) => at / 1000), items.map(({ events }) => events)];
    place.setAttribute('aria-label', describe(items));
    chart?.destroy();
    chart = new UPlot(optionsFor(place, step, items), data, place);
  }

  for (const input of spans) input.addEventListener('change', () => void refresh());
  document.addEventListener('visibilitychange', () => void refresh());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => shown && draw(shown));
  new ResizeObserver(() => chart?.setSize({ width: place.clientWidth, height: CHART_HEIGHT })).observe(place);

  return {
    start(next: Api) {
      api = next;
      // At once, so that the log below does not jump when the answer comes.
      section.hidden = false;
      void refresh();
    },
    stop() {
      api = undefined;
      section.hidden = true;
      clearTimeout(timer);
    },
    /** The log has changed. */
    follow() {
      following ??= setTimeout(() => {
        following = undefined;
        void refresh();
      }, pauseMs);
    },
  };
}

/** Whole steps of this place's clock, the one under way included. */
function startOf(steps: number, step: number): number {
  const start = new Date();
  start.setMinutes(0, 0, 0);
  if (step === DAY_MS) start.setHours(0);
  return start.getTime() - (steps - 1) * step;
}

function describe(items: Stats['items']): string {
  const highest = Math.max(...items.map(({ events }) => events));
  const most = Math.max(...items.map(({ merges }) => merges));
  return `Events and merges over time, ${items.length} steps; at most ${highest} events in one, and at most ${most} ${most === 1 ? 'merge' : 'merges'}.`;
}

function optionsFor(place: HTMLElement, step: number, items: Stats['items']): UPlot.Options {
  const style = getComputedStyle(place);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const axis = { stroke: color('--soft'), font, grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } };
  const words: Intl.DateTimeFormatOptions = step === DAY_MS ? { day: 'numeric', month: 'short' } : { timeStyle: 'short' };
  return {
    width: place.clientWidth,
    height: CHART_HEIGHT,
    // Room for half of the last label, which stands below the last bar.
    padding: [8, 32, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    // Half a step more on either side: the first and the last bar are whole.
    // Above the highest bar there is room for its merges.
    scales: { x: { range: (_, first, last) => [first - step / 2000, last + step / 2000] }, y: { range: (_, __, highest) => [0, Math.max(4, Math.ceil(highest * 1.1)) * 1.2] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, gap: 8, size: 31, values: (_, seconds) => seconds.map((second) => new Date(second * 1000).toLocaleString(undefined, words)) },
      // Short, because it has this much room however many there are.
      { ...axis, size: 44, space: 36, values: (_, counts) => counts.map(shortNumber), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] },
    ],
    series: [
      {},
      { label: 'Events', stroke: color('--accent'), fill: color('--accent'), width: 0, points: { show: false }, paths: UPlot.paths.bars!({ size: [0.7, 28], radius: 0.2 }) },
    ],
    hooks: { draw: [(plot) => drawMerges(plot, items, { fill: color('--merge'), ink: color('--paper'), font: style.fontFamily })] },
  };
}
