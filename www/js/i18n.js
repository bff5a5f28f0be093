// The page's own words in English and Chinese. What Kubernetes prints is never translated.

import en from '../i18n/en.json';
import zh from '../i18n/zh.json';
import lessonsEn from '../i18n/lessons.en.json';
import lessonsZh from '../i18n/lessons.zh.json';
import { load, keep } from './store.js';

const TABLES = { en: { ...en, ...lessonsEn }, zh: { ...zh, ...lessonsZh } };

function first() {
  const kept = load('language');
  if (kept in TABLES) return kept;
  return (navigator.languages ?? [navigator.language]).some((name) => name?.toLowerCase().startsWith('zh')) &&
    navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

let language = first();

/** `en` or `zh`. */
export const currentLanguage = () => language;

/** Chooses the language; the caller draws the page anew. */
export function chooseLanguage(name) {
  language = name;
  keep('language', name);
}

/** The text of a key, with `{name}` replaced by values; the key itself where there is none. */
export function t(key, values) {
  const text = TABLES[language][key] ?? TABLES.en[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole)) : text;
}

/** Whether a key has a text. */
export const has = (key) => key in TABLES.en;
