// Scenarios as links: `#1.` and base64url(deflate-raw(JSON)). A link holds the whole scenario and nothing of
// the machine that it was made on.

const PREFIX = '#1.';
export const LINK_LIMIT = 64 * 1024;
const TEXT_LIMIT = 4_000_000;

function base64url(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/** The scenario without what every scenario has: fields of the cluster that are as by default. */
export function brief(scenario, defaults) {
  if (scenario.lesson) {
    // The lesson itself holds the rest.
    const { podlab, lesson, log, position, cluster } = scenario;
    return { podlab, lesson, cluster: { seed: cluster?.seed }, log, position };
  }
  const short = { ...scenario };
  if (short.cluster && defaults?.cluster) {
    const cluster = Object.fromEntries(Object.entries(short.cluster).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults.cluster[name])));
    if (Object.keys(cluster).length) short.cluster = cluster;
    else delete short.cluster;
  }
  return short;
}

/** What a link opens with: { view, object, tab }, from what stands behind the payload. */
export function focusOf(hash) {
  const entries = hash.split(';').slice(1).map((part) => part.split('='));
  const get = (name) => { const found = entries.find(([key]) => key === name)?.[1]; return found && decodeURIComponent(found); };
  try {
    return { view: get('v'), object: get('o'), tab: get('t') };
  } catch {
    return {};
  }
}

/** That part of a link. */
export const withFocus = ({ view, object, tab }) => [['v', view], ['o', object], ['t', tab]].filter(([, value]) => value).map(([key, value]) => `;${key}=${encodeURIComponent(value)}`).join('');

/** The fragment of a scenario. */
export async function encode(scenario) {
  const stream = new Blob([JSON.stringify(scenario)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return PREFIX + base64url(new Uint8Array(await new Response(stream).arrayBuffer()));
}

/** The scenario of a fragment; null where it is none of ours. Throws where it is damaged or too large. */
export async function decode(hash) {
  if (!hash.startsWith('#')) return null;
  if (!hash.startsWith(PREFIX)) {
    if (/^#\d+\./.test(hash)) throw new Error('version');
    return null;
  }
  if (hash.length > LINK_LIMIT * 4) throw new Error('large');
  const payload = hash.slice(PREFIX.length).split(';')[0];
  const stream = new Blob([fromBase64url(payload)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const reader = stream.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > TEXT_LIMIT) {
      await reader.cancel();
      throw new Error('large');
    }
    parts.push(value);
  }
  return JSON.parse(await new Blob(parts).text());
}

/** The whole address of a fragment; only the fragment where the page is a local file. */
export const address = (fragment) => (location.protocol.startsWith('http') ? location.origin + location.pathname + fragment : fragment);
