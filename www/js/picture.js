// A view as a picture: SVG as it stands, with the colours of the present theme, or drawn as PNG.

import { download } from './download.js';

const COPIED = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'opacity', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'paint-order', 'visibility'];

/** The text of an SVG that looks the same without the page's style sheet. */
export function standalone(svg) {
  const copy = svg.cloneNode(true);
  const [all, copies] = [[svg, ...svg.querySelectorAll('*')], [copy, ...copy.querySelectorAll('*')]];
  all.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of COPIED) copies[i].setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const back = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  back.setAttribute('width', '100%');
  back.setAttribute('height', '100%');
  back.setAttribute('fill', getComputedStyle(svg.closest('.pane') ?? document.body).backgroundColor);
  copy.prepend(back);
  return new XMLSerializer().serializeToString(copy);
}

/** Offers the first drawing in an element as a download; tells whether there is one. */
export async function savePicture(element, name, form) {
  const svg = element?.querySelector('svg[role=img]');
  if (!svg) return false;
  const text = standalone(svg);
  if (form === 'svg') {
    download(`${name}.svg`, text, 'image/svg+xml');
    return true;
  }
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  const scale = 2;
  canvas.width = svg.clientWidth * scale;
  canvas.height = svg.clientHeight * scale;
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
  download(`${name}.png`, blob, 'image/png');
  return true;
}
