// Where the parts of the page announce themselves, so that a view, an inspector tab, a side panel or a
// command can be added by one file that nothing else has to know: it calls `register` when it is loaded
// (`parts.js` loads them), and the frame creates it when it is drawn.
//
// Every part is `{ id, order, create(context) }`; its title is the text `views.ID` (`inspector.ID`,
// `side.ID`), or what its `title()` says. `create` gives an object with
//
//   element            what is shown
//   tools              elements for the head of the pane, optional
//   filter(text)       told of the text in the filter field; without it there is no such field
//   queries()          [[id, query, show]]: views of the core to be watched while the part is shown
//   frame(frame)       told of every frame while it is shown: { now, end, playing, totals }
//   shown(), hidden()  told when it comes and goes
//   reset()            told when another scenario is opened
//
// An `inspect` part gives instead `element`, `show(key, { now })` (may be async) and optionally
// `frame(frame)`; the part itself has `kinds(plural)`, true where it is offered, and `command(object)`, the
// command line that shows the same (object: { plural, kind, namespace, name, container }).
//
// The context has: core, inspect(key, tab), seek(at), run(line), say(text), choose(id), side(id | null).

const PLACES = ['view', 'detail', 'side', 'inspect', 'command', 'menu'];
const parts = Object.fromEntries(PLACES.map((place) => [place, []]));

/** Announces a part. Places: `view` and `detail` (tabs), `side` (a panel beside everything), `inspect` (a tab of the inspector), `command` (palette: `create(context)` gives [{ title, keys, run }]), `menu` (a button of the header: { id, order, icon, label(), title(), run(context) }). */
export function register(place, part) {
  parts[place].push(part);
  parts[place].sort((a, b) => (a.order ?? 100) - (b.order ?? 100));
}

/** The parts of a place, in order. */
export const registered = (place) => parts[place];
