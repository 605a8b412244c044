// The icons, drawn with one pen on 24 × 24.

const PATHS = {
  microphone:
    'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6',
  'microphone-off':
    'M15 10V6a3 3 0 0 0-5.7-1.300M9 9v2a3 3 0 0 0 4.600 2.500M6 11a6 6 0 0 0 9.600 4.800M18 11a6 6 0 0 1-.5 2.400M12 17v4M9 21h6M4 3l17 18',
  camera:
    'M4 7h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2zM15 11l6-3.500v9L15 13',
  'camera-off':
    'M10 7h3a2 2 0 0 1 2 2v3M15 11l6-3.500v9l-3-1.700M14.500 16.300A2 2 0 0 1 13 17H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2h1M3 3l18 18',
  speaker: 'M4 9h4l5-4v14l-5-4H4zM16.500 8.500a5 5 0 0 1 0 7M19 6a8.500 8.500 0 0 1 0 12',
  leave:
    'M3 13.500c0-1 .4-1.900 1.200-2.500 4.700-3.300 10.900-3.300 15.600 0 .8.6 1.200 1.500 1.200 2.500v1c0 .9-.8 1.500-1.600 1.300l-2.800-.6c-.7-.2-1.100-.8-1.100-1.500v-1.300a12 12 0 0 0-7 0v1.300c0 .7-.4 1.300-1.100 1.500l-2.800.6c-.8.2-1.600-.4-1.600-1.300z',
  chart: 'M4 4v16h16M8 15l3.500-4.500 3 2.500L20 7',
  link: 'M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  close: 'M6 6l12 12M18 6L6 18',
  chevron: 'M7 14l5-5 5 5',
  people:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.300a6.500 6.500 0 0 1 3.500 5.700',
  dice: 'M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM8.500 8.500h.01M15.500 8.500h.01M12 12h.01M8.500 15.500h.01M15.500 15.500h.01',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
} as const;

export type IconName = keyof typeof PATHS;

const SVG = 'http://www.w3.org/2000/svg';

/** An icon; it says nothing to a screen reader: its button has the words. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** The mark and the name. */
export function brand(): HTMLElement {
  const mark = document.createElement('img');
  mark.src = './favicon.svg';
  mark.alt = '';
  const element = document.createElement('span');
  element.className = 'brand';
  element.append(mark, 'Ferry');
  return element;
}
