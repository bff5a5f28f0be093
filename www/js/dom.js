// Making elements. Text only ever becomes text: there is no way to pass markup through here.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.setAttribute('class', value);
    else if (name === 'value') element.value = value;
    else if (name === 'style') for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element with attributes, listeners (`onclick`) and children (elements or text). */
export const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

/** An SVG element. */
export const s = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** Replaces all children. */
export const put = (element, ...children) => element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));

/** Sets text only where it differs, so that nothing is laid out again for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const ICONS = {
  play: 'M4 2.5v11l9-5.5z', pause: 'M4 3h3v10H4zM9 3h3v10H9z', step: 'M3 3v10l7-5zM11 3h2v10h-2z',
  start: 'M3 3h2v10H3zM13 3v10L6 8z', back: 'M8 3v4l6-4v10L8 9v4L2 8z',
};

const STROKES = {
  share: 'M6 9l4-4M6.5 4.5l1.6-1.6a3.2 3.2 0 0 1 4.5 4.5L11 9M9.5 11.5l-1.6 1.6a3.2 3.2 0 0 1-4.5-4.5L5 7',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7L14 14', sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M3 13l1.2-1.2M11.8 4.2L13 3',
  bolt: 'M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z', close: 'M4 4l8 8M12 4l-8 8', plus: 'M8 3v10M3 8h10', menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11', down: 'M4 6l4 4 4-4', right: 'M6 4l4 4-4 4',
  book: 'M8 4C6.5 2.8 4.5 2.5 2 2.5v10c2.5 0 4.500.3 6 1.5 1.500-1.200 3.500-1.500 6-1.500v-10c-2.500 0-4.500.3-6 1.500zM8 4v10',
  open: 'M2 13V3h4l2 2h6v8z', save: 'M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11', max: 'M9.5 2.5h4v4M6.5 13.5h-4v-4M13.2 2.8L9.3 6.7M2.8 13.2l3.9-3.9', wide: 'M2 8h12M5 5L2 8l3 3M11 5l3 3-3 3', copy: 'M5 5V2h9v9h-3M2 5h9v9H2z',
};

/** A 16-pixel icon; decoration only, the name stands beside it or in a label. */
export function icon(name) {
  const filled = ICONS[name];
  return s('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' },
    s('path', filled ? { d: filled, fill: 'currentColor' } : { d: STROKES[name], fill: 'none', stroke: 'currentColor', 'stroke-width': '1.5', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }));
}

/** A button with an icon, a label, or both; `title` names it where the label is hidden. */
export function button({ icon: iconName, label, title, onclick, ...rest }) {
  return h('button', { type: 'button', title, 'aria-label': label ? undefined : title, onclick, ...rest },
    iconName && icon(iconName), label && h('span', {}, label));
}
