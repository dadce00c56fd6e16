import { schema } from "prosemirror-schema-basic";
import { EditorState, Plugin } from "prosemirror-state";
import { EditorView } from "prosemirror-view";

let timer;
const save = new Plugin({ view: () => ({ update(view) {
  clearTimeout(timer);
  timer = setTimeout(() => { if (view.state.doc.textContent.includes("abc")) get("/0.3/saved").then(show); }, 300);
} }) });
const view = new EditorView(document.getElementById("app"), { state: EditorState.create({ schema, plugins: [save] }) });
view.dom.id = "go";
