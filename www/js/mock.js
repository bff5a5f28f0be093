// A stand-in for the core while the page is developed (PODLAB_MOCK=1): same interface, toy behaviour.
export function initSync() {}
const PROMPT = '[root@master01 ~]# ';
export class Podlab {
  constructor(text) {
    const scenario = text ? JSON.parse(text) : undefined;
    this.s = scenario ?? { podlab: 1, title: '', files: {}, log: [] };
    this.t = 0; this.out = new Map(); this.pods = []; this.ev = []; this.agenda = []; this.fs = { ...this.s.files }; this.rev = 1; this.changes = 0;
    this.logi = 0; this.log = this.s.log ?? []; this.lanesv = [];
    if (this.s.position) this.run_until(this.s.position);
  }
  free() {}
  now() { return this.t; }
  end() { return Math.max(this.t, this.log.at(-1)?.at ?? 0); }
  next_due() { return this.agenda.length ? Math.min(...this.agenda.map((a) => a.at)) : undefined; }
  run_until(goal, budget = 1e9) {
    for (; budget > 0; budget--) {
      this.agenda.sort((a, b) => a.at - b.at);
      if (!this.agenda.length || this.agenda[0].at > goal) { this.t = goal; return true; }
      const a = this.agenda.shift(); this.t = a.at; a.f(); this.rev++; this.changes++;
    }
  }
  seek(t) { this.run_until(Math.max(t, this.t)); }
  terminals() { return [...this.out.keys()]; }
  open_terminal() { const id = this.out.size; this.out.set(id, []); this.emit(id, PROMPT); return id; }
  emit(id, text) { this.out.get(id).push({ at: this.t, text }); }
  take_output(id) { const o = this.out.get(id); this.out.set(id, []); return { reset: false, chunks: o }; }
  in_past() { return false; }
  check(p, t) { return /image:\S/.test(t) ? 'error: error parsing x.yaml: error converting YAML to JSON: yaml: line 9: could not find expected \':\'' : ''; }
  busy() { return false; }
  interrupt(id) { this.emit(id, '^C\r\n' + PROMPT); }
  eof() {}
  keys() {}
  line(id, text) {
    const line = text.replace(/\n$/, ''); this.emit(id, line + '\r\n'); this.log.push({ at: this.t, line: [id, line] });
    this.exec(id, line);
  }
  later(s, f) { this.agenda.push({ at: this.t + s * 1e6, f }); }
  event(type, reason, object, message) { this.ev.push({ at: this.t, type, reason, object, message, count: 1, from: 'kubelet', namespace: 'default' }); }
  exec(id, line) {
    const done = (text = '') => this.emit(id, text.replaceAll('\n', '\r\n') + PROMPT);
    let m;
    if ((m = line.match(/kubectl apply -f (\S+)/))) {
      const text = this.fs[m[1]]; if (!text) return done(`error: the path "${m[1]}" does not exist\n`);
      const name = text.match(/name: (\S+)/)?.[1] ?? 'web'; const image = text.match(/image: (\S+)/)?.[1] ?? '';
      const p = { name, at: this.t, status: 'Pending', ready: '0/1', restarts: 0, node: '<none>' }; this.pods.push(p);
      const bad = image.includes('harbro');
      const lane = { pod: `default/${name}`, container: 'c1', kind: 'container', segments: [] }; this.lanesv.push(lane);
      const seg = (state, reason = '') => { const l = lane.segments.at(-1); if (l) l.to = this.t; lane.segments.push({ from: this.t, to: null, state, reason }); };
      seg('waiting', 'Pending');
      this.later(0.01, () => { p.node = 'worker01'; this.event('Normal', 'Scheduled', `pod/${name}`, `Successfully assigned default/${name} to worker01`); p.status = 'ContainerCreating'; seg('waiting', 'ContainerCreating'); });
      if (bad) { this.later(1, () => { p.status = 'ErrImagePull'; seg('waiting', 'ErrImagePull'); this.event('Warning', 'Failed', `pod/${name}`, `Failed to pull image "${image}"`); }); this.later(14, () => { p.status = 'ImagePullBackOff'; seg('waiting', 'ImagePullBackOff'); }); } else {
        this.later(0.6, () => this.event('Normal', 'Pulled', `pod/${name}`, `Container image "${image}" already present on machine and can be accessed by the pod`));
        this.later(0.8, () => { this.event('Normal', 'Created', `pod/${name}`, 'Container created'); });
        this.later(1.1, () => { p.status = 'Running'; p.ready = '1/1'; seg('running'); this.event('Normal', 'Started', `pod/${name}`, 'Container started'); });
        const crash = () => { p.status = 'CrashLoopBackOff'; p.ready = '0/1'; p.restarts++; seg('backoff', 'CrashLoopBackOff'); this.event('Warning', 'BackOff', `pod/${name}`, 'Back-off restarting failed container'); this.later(10, () => { p.status = 'Running'; p.ready = '1/1'; seg('running'); this.later(5, crash); }); };
        if (name.includes('crash')) this.later(4, crash);
      }
      return done(`pod/${name} created\n`);
    }
    if (/get (pods|po)/.test(line)) return done(this.pods.length ? 'NAME   READY   STATUS    RESTARTS   AGE\n' + this.pods.map((p) => `${p.name}   ${p.ready}   ${p.status}   ${p.restarts}   1s\n`).join('') : 'No resources found in default namespace.\n');
    if ((m = line.match(/delete pod (\S+)/))) { const p = this.pods.find((x) => x.name === m[1]); if (!p) return done(`Error from server (NotFound): pods "${m[1]}" not found\n`); p.status = 'Terminating'; this.later(1, () => { this.pods = this.pods.filter((x) => x !== p); }); return done(`pod "${m[1]}" deleted\n`); }
    if (line === 'ls') return done(Object.keys(this.fs).join('  ') + '\n');
    if ((m = line.match(/^cat (\S+)/))) return done(this.fs[m[1]] ?? `cat: ${m[1]}: No such file or directory\n`);
    if (!line) return done();
    return done(`\x1b[31mbash\x1b[0m: ${line.split(' ')[0]}: command not found\n`);
  }
  complete(words) { return ['kubectl', 'get', 'pods', 'apply'].filter((w) => w.startsWith(words.at(-1))); }
  edit_request() { return null; }
  scenario_yaml() { return ''; }
  edited() {}
  files() { return Object.keys(this.fs); }
  read_file(p) { return this.fs[p]; }
  write_file(p, t) { this.fs[p] = t; this.log.push({ at: this.t, file: [p, t] }); this.rev++; }
  delete_file(p) { delete this.fs[p]; }
  log_length() { return this.log.length; }
  scenario() { return { podlab: 1, title: '', cluster: { start: '2026-11-23T08:00:00Z' }, files: {}, ...this.s, log: this.log, position: this.t }; }
  hash() { return 'deadbeef'; }
  revision() { return this.rev; }
  totals() { return { pods: this.pods.length, ready: this.pods.filter((p) => p.status === 'Running').length, restarts: this.pods.reduce((n, p) => n + p.restarts, 0), warnings: this.ev.filter((e) => e.type === 'Warning').length, changes: this.changes, nodes: 4 }; }
  view(view, arg) {
    const q = { view, kind: arg };
    if (view === 'files') return Object.entries(this.fs).map(([p, t]) => [p, t.length]);
    if (q.view === 'table' && q.kind === 'pods') return { columns: ['NAMESPACE', 'NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'IP', 'NODE'], total: this.pods.length, rows: this.pods.map((p) => ({ key: `pods/default/${p.name}`, cells: ['default', p.name, p.ready, p.status, String(p.restarts), Math.floor((this.t - p.at) / 1e6) + 's', '10.224.1.2', p.node] })) };
    if (q.view === 'table' && q.kind === 'nodes') return { columns: ['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION'], total: 4, rows: ['master01', 'worker01', 'worker02', 'worker03'].map((n) => ({ key: `nodes/${n}`, cells: [n, 'Ready', n === 'master01' ? 'control-plane' : '<none>', '10d', 'v1.36.2'] })) };
    if (q.view === 'table') return { columns: ['NAME', 'AGE'], total: 0, rows: [] };
    if (q.view === 'events') return { events: this.ev.slice(-500).map((e, i) => ({ ...e, key: String(i) })) };
    if (q.view === 'lanes') return { lanes: this.lanesv, ticks: this.ev.map((e) => ({ at: e.at, pod: 'default/' + e.object.slice(4), type: e.type, text: e.reason })) };
    if (q.view === 'kinds') return [{ plural: 'pods', kind: 'Pod', count: this.pods.length }, { plural: 'nodes', kind: 'Node', count: 4 }];
    if (q.view === 'map') return { nodes: ['master01', 'worker01', 'worker02', 'worker03'].map((n) => ({ name: n, ready: true, unschedulable: false, cpu: [n === 'worker01' ? 250 : 0, 2000], memory: [64e6, 24e9], pods: [this.pods.filter((p) => p.node === n).length, 110], items: this.pods.filter((p) => p.node === n).map((p) => ({ key: `pods/default/${p.name}`, status: p.status, ready: p.ready })) })), pending: [] };
    if (q.view === 'flow') return { steps: [{ at: 0, actor: 'kubectl', type: 'command', text: 'kubectl apply -f web.yaml' }, { at: 9000, actor: 'kube-apiserver', type: 'write', verb: 'create', object: 'pods/default/web', revision: 21 }, { at: 12000, actor: 'default-scheduler', type: 'write', verb: 'binding', object: 'pods/default/web', revision: 22 }, { at: 30000, actor: 'kubelet worker01', type: 'write', verb: 'status', object: 'pods/default/web', revision: 24 }] };
    if (q.view === 'why') return { status: 'Running', chain: [{ at: 30000, actor: 'kubelet worker01', type: 'rule', rule: 'image.present', object: 'pods/default/web/c1', values: [['image', 'nginx']] }, { at: 0, actor: 'kubectl', type: 'command', text: 'kubectl apply -f web.yaml' }] };
    return null;
  }
  query(line) { return `$ ${line}\nName: web\nNamespace: default\n`; }
}
