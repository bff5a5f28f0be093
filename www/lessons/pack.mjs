// Packs the lessons for the page.

import { readFileSync } from 'node:fs';

/** The lessons in teaching order, as one block: their texts, and what the catalogue shows of each. */
export function lessons() {
  const order = readFileSync('www/lessons/order.txt', 'utf8').split(/\s+/).filter(Boolean);
  const texts = order.map((id) => readFileSync(`www/lessons/${id}.yaml`, 'utf8'));
  const field = (text, name) => text.match(new RegExp(`^${name}: *"?([^"\n]*)"?$`, 'm'))?.[1];
  const both = (text, name) => JSON.parse(text.match(new RegExp(`^${name}: \\{en: (".*"), zh: (".*")\\}$`, 'm')).slice(1).reduce((a, b) => `{"en":${a},"zh":${b}}`));
  return JSON.stringify({ lessons: texts.map((text, i) => ({ id: order[i], kind: field(text, 'kind') ?? 'lesson', section: field(text, 'section'), minutes: Number(field(text, 'minutes') ?? 10), title: both(text, 'title'), about: both(text, 'about'), text })) });
}
