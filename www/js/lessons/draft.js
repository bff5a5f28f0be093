// A lesson in the making. The draft is the document of the format itself (`www/lessons/LESSONS.md`), so that
// whatever an opened file holds stays in it; texts are edited one language at a time. Nothing here touches the page.

export const LANGUAGES = [['en', 'English'], ['zh', '简体中文']];
const FORMAT = 1;
/** A pause that is worth a `wait` in a solution; shorter ones come by themselves when the lines are typed. */
const PAUSE_MICROS = 2e6;

export const blank = (language) => ({ lesson: FORMAT, id: 'my-lesson', version: 1, minutes: 10, languages: [language], title: {}, about: {}, debrief: {}, files: {}, setup: [], steps: [] });
export const blankStep = () => ({ title: {}, text: {}, commands: [], goals: [], hints: [], notes: {} });

/** A text's words in a language; a plain string is the same in all of them. */
export const words = (text, language) => (typeof text === 'string' ? text : text?.[language] ?? '');

/** The text with other words in one language. Other fields of the map, such as a goal's condition, stay. */
export function reword(text, language, value) {
  const map = typeof text === 'string' ? Object.fromEntries(LANGUAGES.map(([id]) => [id, text])) : text ?? {};
  return { ...map, [language]: value };
}

/** Makes an opened document a draft: every list that the form edits is there. */
export function opened(document) {
  const steps = (document.steps ?? []).map((step) => ({ ...blankStep(), ...step }));
  return { ...blank('en'), languages: LANGUAGES.map(([id]) => id), ...document, steps };
}

/**
 * The draft as a lesson: what is blank is left out, what is needed and blank in all languages falls back to what
 * is there. A text that is missing in one of its languages stays so, for the check to name it.
 */
export function finished(draft) {
  const { languages } = draft;
  const some = (value) => typeof value === 'string' || languages.some((language) => words(value, language).trim());
  const text = (value, fallback) => {
    if (typeof value === 'string') return value;
    const there = some(value);
    return Object.fromEntries(languages.map((language) => [language, there ? words(value, language) : words(fallback, language) || String(draft.id)]));
  };
  const maybe = (value) => (some(value) ? text(value, value) : undefined);
  const filled = (object) => (Object.keys(object ?? {}).length ? object : undefined);
  const without = (object) => Object.fromEntries(Object.entries(object).filter(([key]) => !LANGUAGES.some(([id]) => id === key)));
  const judged = (one) => ({ ...text(one, one.when), ...without(one), points: one.points === 1 ? undefined : one.points, hidden: one.hidden || undefined, then: one.then || undefined });
  const question = (ask) => ask && { ...text(ask, '?'), options: ask.options.map(judged), points: ask.points === 1 ? undefined : ask.points };
  const step = (one) => ({
    ...one, title: text(one.title, draft.title), text: text(one.text, some(one.title) ? one.title : draft.title), ask: question(one.ask), commands: one.commands,
    goals: one.goals.map(judged), hints: one.hints.filter(some).map((hint) => text(hint, hint)), notes: maybe(one.notes), solution: differs(one) ? one.solution : undefined,
  });
  const { lesson, id, version, kind, section, minutes, limit, personal, look, cluster } = draft;
  return {
    lesson, id, version, kind: kind === 'lesson' ? undefined : kind, section, minutes, limit: kind === 'exam' ? limit : undefined, personal: personal || undefined, languages,
    title: text(draft.title, id), about: text(draft.about, some(draft.title) ? draft.title : id), look: look || undefined, cluster, files: filled(draft.files), setup: draft.setup,
    steps: draft.steps.map(step), debrief: maybe(draft.debrief),
  };
}

/** Whether a step's solution says more than its commands. */
const differs = ({ commands, solution }) => Boolean(solution?.length) && JSON.stringify(solution) !== JSON.stringify(commands);

/** What a session's log did, as acts of a lesson: lines, keys and files, with the pauses between them. */
export function acts(log, now) {
  const done = [];
  let last = null;
  const pause = (at) => {
    if (last !== null && at - last >= PAUSE_MICROS) done.push(`wait ${Math.round((at - last) / 1e6)}s`);
    last = at;
  };
  for (const entry of log) {
    const one = act(entry);
    if (!one) continue;
    pause(entry.at);
    done.push(one);
  }
  pause(now);
  return done;
}

function act(entry) {
  if (entry.line) return entry.line[1].trim() ? entry.line[1] : null;
  if (entry.fault) return `fault ${entry.fault}`;
  if (entry.traffic) return `traffic ${entry.traffic}`;
  if (entry.file) return { file: entry.file[0], text: entry.file[1] };
  return entry.interrupt !== undefined ? '^C' : entry.eof !== undefined ? '^D' : null;
}

/** Whether an act is a line that a student types. */
const typed = (one) => typeof one === 'string' && !/^(wait|until) /.test(one);

/**
 * Takes acts into the draft: as its next step, or as what is done before the student comes. A file that is
 * new is given to the student; one that was changed is part of the step's solution. Tells whether anything was there.
 */
export function take(draft, done, asSetup) {
  const given = ({ file, text }) => {
    const known = file in draft.files;
    if (!known || asSetup) draft.files[file] = text;
    return !known || asSetup;
  };
  const solution = done.filter((one) => typeof one === 'string' || !given(one));
  const commands = solution.filter(typed);
  if (!commands.length) return false;
  if (asSetup) draft.setup = [...(draft.setup ?? []), ...solution.filter((one) => !/^\^/.test(one))];
  else draft.steps.push({ ...blankStep(), commands, ...(differs({ commands, solution }) ? { solution } : {}) });
  return true;
}

/** The part of a log that was not taken yet: what follows the entry that was taken last. */
export function since(log, last) {
  const at = last ? log.findLastIndex((entry) => JSON.stringify(entry) === last) : -1;
  return log.slice(at + 1);
}
