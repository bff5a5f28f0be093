// The editor's code: CodeMirror with YAML, search, lint and completion. Loaded after the first paint.

import { EditorState, Compartment } from '@codemirror/state';
import { EditorView, keymap, lineNumbers, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, drawSelection, hoverTooltip } from '@codemirror/view';
import { defaultKeymap, history, historyKeymap, indentMore, indentLess } from '@codemirror/commands';
import { HighlightStyle, syntaxHighlighting, indentUnit, bracketMatching, foldGutter, foldKeymap, indentOnInput, StreamLanguage } from '@codemirror/language';
import { yaml } from '@codemirror/lang-yaml';
import { setDiagnostics, lintGutter, lintKeymap } from '@codemirror/lint';
import { searchKeymap, highlightSelectionMatches } from '@codemirror/search';
import { autocompletion, completionKeymap } from '@codemirror/autocomplete';
import { tags } from '@lezer/highlight';
import { schema } from './schema.js';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--syn-key)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--syn-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.atom], color: 'var(--syn-number)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.meta, tags.typeName, tags.labelName, tags.separator], color: 'var(--syn-meta)' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: 'var(--mono-size)', color: 'var(--text)', backgroundColor: 'var(--panel)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--accent)', padding: '6px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--muted)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '28px', padding: '0 4px 0 6px' },
  '.cm-activeLine': { backgroundColor: 'var(--hover)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--hover)', color: 'var(--text)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'var(--select)' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--text)', border: '1px solid var(--line)', borderRadius: '4px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-explain': { padding: '6px 9px', maxWidth: '46ch', whiteSpace: 'pre-wrap', font: '12px/1.5 var(--sans)' },
  '.cm-completionInfo': { maxWidth: '40ch', font: '12px/1.5 var(--sans)' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal' },
  '.cm-panels': { backgroundColor: 'var(--panel-2)', color: 'var(--text)' },
  '.cm-panels input, .cm-panels button': { fontSize: '12px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-specialChar': { color: 'var(--bad)' },
});

// A plain language for files that are not YAML.
const plain = StreamLanguage.define({ token: (stream) => { stream.skipToEnd(); return null; } });
const isYaml = (path) => /\.(ya?ml|json)$/.test(path) || /^(vim|kubectl)-/.test(path);

window.podlabEditor = {
  /** An editor in a shadow root (so that its style sheets need no exception in the page's policy). */
  create({ root, label, onChange, onSave, onApply, explain, texts }) {
    const language = new Compartment();
    let settingText = false;
    const { complete, hover } = schema(explain);
    const extensions = [
      lineNumbers(), lintGutter(), foldGutter(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(), bracketMatching(),
      highlightActiveLine(), highlightActiveLineGutter(), highlightSelectionMatches(), indentUnit.of('  '), syntaxHighlighting(colours), look,
      EditorState.phrases.of(texts ?? {}),
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
      autocompletion({ override: [complete] }), hoverTooltip(hover),
      keymap.of([
        { key: 'Mod-s', preventDefault: true, run: () => { onSave(); return true; } },
        { key: 'Mod-Enter', preventDefault: true, run: () => { onApply(); return true; } },
        ...completionKeymap,
        { key: 'Tab', run: (view) => (view.state.readOnly || leaving ? false : indentMore(view)) },
        { key: 'Shift-Tab', run: (view) => (leaving ? false : indentLess(view)) },
        { key: 'Escape', run: () => { leaving = true; setTimeout(() => { leaving = false; }, 2_000); return false; } },
        ...lintKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...defaultKeymap,
      ]),
      EditorView.updateListener.of((update) => { if (update.docChanged && !settingText) onChange(update.state.doc.toString()); }),
    ];
    let leaving = false;
    const view = new EditorView({ root, parent: root, state: EditorState.create({ doc: '', extensions: [extensions, language.of(yaml())] }) });
    view.scrollDOM.tabIndex = 0;
    const states = new Map();
    let current = null;
    return {
      view,
      /** Shows a document; each path keeps its own undo history and cursor. */
      show(path, text) {
        if (current !== null) states.set(current, view.state);
        current = path;
        settingText = true;
        const kept = states.get(path);
        if (kept && kept.doc.toString() === text) view.setState(kept);
        else view.setState(EditorState.create({ doc: text, extensions: [extensions, language.of(isYaml(path) ? yaml() : plain)] }));
        settingText = false;
      },
      forget(path) { states.delete(path); if (current === path) current = null; },
      text: () => view.state.doc.toString(),
      focus: () => view.focus(),
      /** Marks places: [{ line, column, message }], counted from 1. */
      mark(problems) {
        const { doc } = view.state;
        const diagnostics = problems.map(({ line, column, message, severity, fix, edit }) => {
          const at = doc.line(Math.min(Math.max(1, line), doc.lines));
          const from = column ? Math.min(at.from + column - 1, at.to) : at.from + (at.text.length - at.text.trimStart().length);
          const actions = edit ? [{ name: fix, apply: () => this.replace(edit) }] : [];
          return { from, to: Math.max(from, at.to), severity: severity ?? 'error', message, actions };
        });
        view.dispatch(setDiagnostics(view.state, diagnostics));
      },
      /** Replaces a text in a line: { line, old, new }. */
      replace({ line, old, new: text }) {
        const at = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
        const from = at.text.indexOf(old);
        if (from >= 0) view.dispatch({ changes: { from: at.from + from, to: at.from + from + old.length, insert: text } });
      },
      /** Puts another text in place of the whole, as one step that can be undone. */
      rewrite(text) {
        if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      },
      /** Moves the cursor to a line. */
      reveal(line) {
        const at = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
        view.dispatch({ selection: { anchor: at.from, head: at.to }, scrollIntoView: true });
      },
    };
  },
};
