// Lessons in the page: the side panel, the button of the header, keys and commands.

import { t } from '../i18n.js';
import { register } from '../registry.js';
import { load } from '../store.js';
import { catalogue, say } from './catalogue.js';
import { Classroom } from './classroom.js';
import { AuthorPanel } from './author.js';
import { LessonPanel } from './panel.js';

let room;

/** The classroom of the page. */
export const classroom = (app) => (room ??= new Classroom(app));

register('side', { id: 'lesson', title: () => t('lesson.title'), create: (context) => new LessonPanel(context, classroom(context.app)) });

register('side', { id: 'author', title: () => t('side.author'), create: (context) => new AuthorPanel(context, classroom(context.app)) });

register('menu', { id: 'lessons', order: 10, icon: 'book', label: () => t('menu.lessons'), title: () => t('menu.lessonsTitle'), run: ({ app }) => (app.frame.sideId === 'lesson' ? app.side(null) : app.side('lesson')) });

register('command', { id: 'lessons', create: ({ app }) => {
  const playing = room?.lesson ? [
    { title: t('lesson.insert'), keys: 'Alt+I', run: () => room.insert() },
    { title: t('lesson.next'), keys: 'Alt+N', run: () => room.next() },
    { title: t('lesson.nextHint'), keys: 'Alt+H', run: () => room.hint() },
    { title: t('lesson.undo'), keys: 'Alt+U', run: () => room.app.undo() },
    { title: t('lesson.reset'), run: () => room.again() },
    { title: t('lesson.present'), keys: 'Alt+P', run: () => room.present() },
    { title: t('lesson.print'), run: () => room.print() },
  ] : [];
  return [{ title: t('menu.lessons'), keys: 'Alt+L', run: () => app.side('lesson') }, ...playing,
    ...(listed ?? []).map((one) => ({ title: `${t('lesson.title')}: ${say(one.title)}`, run: () => classroom(app).open(one.id) }))];
} });

let listed;
catalogue().then(({ lessons }) => { listed = lessons; });

/** Goes to the panel; the list is drawn once the lessons are unpacked. */
async function enter(app) {
  app.side('lesson');
  await catalogue();
  setTimeout(() => app.focusPane('side'));
}

/** Keys that work everywhere while a lesson is open. */
export function bindLessonKeys(app) {
  const keys = { KeyI: () => room.insert(), KeyN: () => room.next(), KeyH: () => room.hint(), KeyU: () => room.app.undo(), KeyP: () => room.present() };
  addEventListener('keydown', (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing || document.querySelector('dialog[open]')) return;
    const run = event.code === 'KeyL' ? () => enter(app) : room?.lesson && keys[event.code];
    if (!run) return;
    event.preventDefault();
    run();
  });
}

/** The lesson that a fragment names: `#lesson=pods`, perhaps with `&student=NAME`. Null for other fragments. */
export function linked(hash) {
  if (!hash.startsWith('#lesson=')) return null;
  const values = new URLSearchParams(hash.slice(1));
  return { podlab: 1, lesson: values.get('lesson'), student: values.get('student') ?? '' };
}

/** Whether this visitor has never been here. */
export const isFirstVisit = () => load('lessons') === undefined && load('session') === undefined && load('welcomed') === undefined;
