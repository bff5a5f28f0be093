// The receipt: what a student hands in. The core writes it and can run it again.

import { h, button } from '../dom.js';
import { t } from '../i18n.js';
import { dialog } from '../palette.js';
import { download } from '../download.js';
import { keep, load } from '../store.js';

/** Asks for a name and saves the receipt. */
export const receiptDialog = (classroom) => dialog(t('lesson.receipt'), (close) => {
  const name = h('input', { type: 'text', value: classroom.lesson.student || load('student') || '', 'aria-label': t('lesson.student'), maxlength: '80', autocomplete: 'name' });
  const save = async () => {
    keep('student', name.value);
    const text = await classroom.receipt(name.value);
    const file = `${classroom.lesson.id}-${name.value.trim().replace(/[^\p{L}\p{N}]+/gu, '-') || 'receipt'}.json`;
    download(file, text, 'application/json');
    close();
    classroom.say(t('lesson.receiptSaved', { file }));
  };
  return [h('header', {}, h('h2', {}, t('lesson.receipt')), button({ icon: 'close', title: t('dialog.close'), class: 'quiet', onclick: () => close() })),
    h('p', {}, t('lesson.receiptText')),
    h('form', { onsubmit: (event) => { event.preventDefault(); save(); } }, h('label', {}, t('lesson.student'), ' ', name)),
    h('p', { class: 'quiet' }, t('lesson.receiptNoProof')),
    h('div', { class: 'answers' }, button({ icon: 'save', label: t('lesson.receiptSave'), class: 'primary', onclick: save }))];
}, 'small');
