import { registerPlainText } from "@lexical/plain-text";
import { createEditor, $getRoot } from "lexical";

const field = document.createElement("div");
field.id = "go";
field.contentEditable = "true";
document.getElementById("app").append(field);
const editor = createEditor({ namespace: "lab", onError: error => { throw error; } });
editor.setRootElement(field);
registerPlainText(editor);
editor.registerUpdateListener(({ editorState }) => {
  if (editorState.read(() => $getRoot().getTextContent()).includes("abc")) get("/0.4/saved").then(show);
});
