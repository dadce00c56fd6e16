// Choosers that a script opens: pickers, and files, which are chosen through an <input>, whose chooser is drawn.
(ui => {
  const { Promise, ask, PICKER_TYPES, replacePicker, suggest, expectChooser } = ui;

  // -- pickers
  const showPicker = HTMLInputElement.prototype.showPicker;
  if (showPicker) {
    HTMLInputElement.prototype.showPicker = {
      showPicker() {
        const result = showPicker.call(this);
        expectChooser(this);
        if (PICKER_TYPES.has(this.type)) replacePicker(this);
        else suggest(this, true);
        return result;
      },
    }.showPicker;
  }

  const click = HTMLElement.prototype.click;
  HTMLElement.prototype.click = {
    click() {
      expectChooser(this);
      return click.call(this);
    },
  }.click;

  // -- files that a script asks for
  const aborted = () => new DOMException("The user aborted a request.", "AbortError");
  const choosing = new Set();
  const chooseFiles = properties => new Promise((resolve, reject) => {
    const input = Object.assign(document.createElement("input"), { type: "file", ...properties });
    choosing.add(input);  // a script cannot reach it, so nothing else keeps it
    const end = settle => { choosing.delete(input); settle(); };
    input.onchange = () => end(() => resolve([...input.files]));
    input.oncancel = () => end(() => reject(aborted()));
    expectChooser(input);
    click.call(input);
  });
  // A new folder that only this page sees; the handles of its files are real ones, which pages can store and write to.
  const newFolder = async () => {
    const root = await navigator.storage.getDirectory();
    const name = `screenwright-${Date.now()}-${Math.random().toString(36).slice(2)}`;
    return root.getDirectoryHandle(name, { create: true });
  };
  const write = async (handle, content) => {
    const stream = await handle.createWritable();
    await stream.write(content);
    await stream.close();
  };
  const copyTo = async (folder, file) => {
    const handle = await folder.getFileHandle(file.name, { create: true });
    await write(handle, file);
    return handle;
  };
  const replace = (method, make) => {
    if (typeof window[method] === "function") window[method] = { [method](options) { return make(options ?? {}); } }[method];
  };
  replace("showOpenFilePicker", async options => {
    const accept = (options.types ?? []).flatMap(type => Object.entries(type.accept ?? {}).flat(2)).join(",");
    const files = await chooseFiles({ multiple: Boolean(options.multiple), accept });
    const folder = await newFolder();
    return Promise.all(files.map(file => copyTo(folder, file)));
  });
  replace("showDirectoryPicker", async () => {
    const files = await chooseFiles({ webkitdirectory: true });
    const names = files[0]?.webkitRelativePath.split("/") ?? ["empty"];
    const root = await (await newFolder()).getDirectoryHandle(names[0], { create: true });
    for (const file of files) {
      let folder = root;
      for (const name of file.webkitRelativePath.split("/").slice(1, -1)) {
        folder = await folder.getDirectoryHandle(name, { create: true });
      }
      await copyTo(folder, file);
    }
    return root;
  });
  replace("showSaveFilePicker", async options => {
    const name = await ask({ event: "save file", name: String(options.suggestedName ?? "") });
    if (!name) throw aborted();
    const handle = await (await newFolder()).getFileHandle(name, { create: true });
    const createWritable = handle.createWritable;
    handle.createWritable = async (...passed) => {
      const stream = await createWritable.apply(handle, passed);
      const close = stream.close;
      stream.close = async () => {
        await close.call(stream);
        const url = window.URL.createObjectURL(await handle.getFile());
        Object.assign(document.createElement("a"), { href: url, download: name }).click();  // saved as a download
      };
      return stream;
    };
    return handle;
  });
})
