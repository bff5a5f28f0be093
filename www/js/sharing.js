// Sharing from the page: the sheet with its link, files to save, and the drawing in front as a picture.

import { t } from './i18n.js';
import { brief, encode, withFocus } from './link.js';
import { download } from './download.js';
import { saveEvents, saveMarkdown, saveScript } from './exports.js';
import { savePicture } from './picture.js';
import { share } from './share.js';

/** What is in front: it goes into a link. */
function focus({ views: { views, detail } }) {
  const { key, tab } = detail.part('inspector');
  const inspecting = detail.chosen === 'inspector' && key;
  return { view: views.chosen === 'pods' ? undefined : views.chosen, object: inspecting ? key : undefined, tab: inspecting && tab !== 'describe' ? tab : undefined };
}

/** Opens the sheet. */
export async function shareSheet(app) {
  const whole = brief(await app.core.ask('scenario'), app.defaults);
  const http = location.protocol.startsWith('http');
  const make = async ({ here, title }) => {
    if (title !== (app.title.textContent ?? '')) app.title.textContent = title;
    const fragment = await encode({ ...whole, title: title || undefined }) + (here ? withFocus(focus(app)) : '');
    if (http) history.replaceState(null, '', fragment);
    return fragment;
  };
  const { view, object } = focus(app);
  return share({
    make, local: !http, title: app.title.textContent, commands: (whole.log ?? []).filter((entry) => 'line' in entry).length,
    focus: [view && t(`views.${view}`), object].filter(Boolean).join(', ') || null,
    copy: (text) => navigator.clipboard?.writeText(text).catch(() => document.execCommand('copy')),
    saves: [[t('share.save'), () => saveScenario(app)], [t('share.markdown'), () => saveMarkdown(app)], [t('share.events'), () => saveEvents(app, 'csv')], [t('share.eventsJson'), () => saveEvents(app, 'json')], [t('share.script'), () => saveScript(app)], [t('share.svg'), () => saveDrawing(app, 'svg')], [t('share.png'), () => saveDrawing(app, 'png')]],
  });
}

/** The scenario as a file. */
export async function saveScenario(app) {
  const text = await app.core.ask('yaml').catch(async () => JSON.stringify(await app.core.ask('scenario'), null, 1));
  download('scenario.podlab.yaml', text, 'text/yaml');
}

/** The drawing in front as a picture: of the views, else of the inspector. */
export async function saveDrawing(app, form) {
  const { views, detail } = app.views;
  const done = (await savePicture(views.body, views.chosen, form)) || (await savePicture(detail.body, detail.chosen, form));
  if (!done) app.say(t('share.noPicture'));
}
