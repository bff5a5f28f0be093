// Unpacks the scripts and the core, starts the worker, and hands over to the page. Runs first and alone, so
// that it can say what is missing where the rest could not even be read.

(() => {
  const lacking = [['WebAssembly', 'WebAssembly'], ['DecompressionStream', 'DecompressionStream'], ['Worker', 'Worker']]
    .find(([name]) => !(name in window));

  function unsupported(what) {
    document.getElementById('lacking').textContent = what;
    document.getElementById('unsupported').hidden = false;
    document.getElementById('app').hidden = true;
  }

  if (lacking) {
    unsupported(lacking[1]);
    return;
  }

  const allowed = new Set();
  const rules = {
    createScript: (text) => {
      if (!allowed.has(text)) throw new TypeError('a script that is not part of this page');
      return text;
    },
    createScriptURL: (url) => {
      if (!allowed.has(url)) throw new TypeError('an address that is not part of this page');
      return url;
    },
  };
  const policy = window.trustedTypes ? window.trustedTypes.createPolicy('podlab', rules) : rules;

  function packed(id) {
    const packedText = document.getElementById(`pack-${id}`).textContent;
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(packedText);
    const text = atob(packedText);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  function unpack(id, type = 'text/plain') {
    const stream = new Blob([packed(id)]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream, { headers: { 'Content-Type': type } });
  }

  async function run(id) {
    const text = await unpack(id).text();
    allowed.add(text);
    const script = document.createElement('script');
    script.textContent = policy.createScript(text);
    document.head.append(script);
  }

  const workerUrl = unpack('worker').text().then((text) => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    allowed.add(url);
    return policy.createScriptURL(url);
  });
  // Compiled while it is unpacked, and once: a worker that takes another's place gets it ready.
  const wasm = WebAssembly.compileStreaming(unpack('wasm', 'application/wasm'));

  async function startWorker() {
    const worker = new Worker(await workerUrl, { name: 'podlab' });
    // What it says before the page listens.
    worker.early = [];
    worker.onmessage = ({ data }) => worker.early.push(data);
    wasm.then((module) => worker.postMessage({ op: 'wasm', module }), (error) => worker.postMessage({ op: 'wasm', failed: String(error) }));
    return worker;
  }

  let editor;
  window.podlab = {
    firstWorker: startWorker(),
    startWorker,
    /** Loads the editor's code, which is large, when the page first needs it. */
    loadEditor: () => (editor ??= run('editor').then(() => window.podlabEditor)),
    /** The address of the service worker, trusted. */
    serviceWorker() {
      allowed.add('sw.js');
      return policy.createScriptURL('sw.js');
    },
  };
  run('page').catch((error) => unsupported(String(error)));
})();
