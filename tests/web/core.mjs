// The core as node runs it: the same wasm and the same glue as in the page.

import { readFileSync } from 'node:fs';
import { initSync, Podlab } from '../../target/page/podlab.js';

initSync({ module: new WebAssembly.Module(readFileSync('target/page/podlab_bg.wasm')) });

export { Podlab };

/** The event-log hash of a scenario at its end. */
export function hashOf(scenario) {
  const core = new Podlab(JSON.stringify(scenario));
  core.seek(Math.max(scenario.position ?? 0, ...(scenario.log ?? []).map(({ at }) => at)));
  const hash = core.hash();
  core.free();
  return hash;
}
