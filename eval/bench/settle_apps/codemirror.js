import { javascript } from "@codemirror/lang-javascript";
import { linter } from "@codemirror/lint";
import { basicSetup, EditorView } from "codemirror";

const lint = linter(view => { if (view.state.doc.length > 2) show(); return []; }, { delay: 400 });
const host = document.createElement("div");
host.id = "go";
document.getElementById("app").append(host);
new EditorView({ parent: host, extensions: [basicSetup, javascript(), lint, EditorView.theme({ "&": { height: "100px" } })] });
