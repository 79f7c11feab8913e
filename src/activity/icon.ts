const SVG = 'http://www.w3.org/2000/svg';

/** Drawn on a grid of 16, as strokes. */
const PATHS = {
  event: ['M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z'],
  page: ['M4 1.5h5L12.5 5v9.5H4zM9 1.5V5h3.5'],
  screen: ['M4.5 1.5h7v13h-7zM7.2 12.2h1.6'],
  identify: ['M8 7.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M2.5 14.5a5.5 5.5 0 0 1 11 0'],
  group: ['M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M1.5 14a4.5 4.5 0 0 1 9 0M10.5 2.7a2.5 2.5 0 0 1 0 4.6M12.5 9.7a4.5 4.5 0 0 1 2 4.3'],
  alias: ['M2 5h11M10 2l3 3-3 3M14 11H3M6 8l-3 3 3 3'],
  // Two ways that become one, upwards: in the log, the older is below.
  anon_merge: ['M3.5 14.5c0-4.5 4.5-3.5 4.5-8.5M12.5 14.5C12.5 10 8 11 8 6M8 9V1.5M5 4.5l3-3 3 3'],
  failed_attribute_change: ['M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M3.7 3.7l8.6 8.6'],
  /** Somebody nobody knows: a ring that is not closed. */
  anonymous: ['M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2'],
  /** Unknown at first, known now: the open ring behind the full one. */
  was: ['M8 11.2a4.2 4.2 0 1 1 0-6.4', 'M11 4.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8'],
  close: ['M4 4l8 8M12 4l-8 8'],
};

export type IconName = keyof typeof PATHS;

/** Each icon, drawn once: a copy is had sooner. */
const DRAWN = new Map<IconName, SVGSVGElement>();

/** A decoration: whoever cannot see it reads the words beside it. */
export function makeIcon(name: IconName): Node {
  const drawn = DRAWN.get(name) ?? drawIcon(name);
  DRAWN.set(name, drawn);
  return drawn.cloneNode(true);
}

function drawIcon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `i-${name}`);
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
