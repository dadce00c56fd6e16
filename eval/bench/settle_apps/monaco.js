import * as monaco from "monaco-editor/editor/editor.api";

self.MonacoEnvironment = { getWorker: () => new Worker(URL.createObjectURL(new Blob(["onmessage = () => {}"]))) };
const host = document.getElementById("app");
host.style.height = "300px";
const editor = monaco.editor.create(host, { value: "let a = 1", language: "plaintext", automaticLayout: true });
editor.onDidChangeModelContent(() => { if (editor.getValue().includes("abc")) requestAnimationFrame(show); });
const button = document.createElement("div");
button.id = "go";
button.onmousedown = event => { event.preventDefault(); editor.focus(); };
document.body.append(button);
