// Permissions, and what nothing here can answer.
(ui => {
  const { Promise, now, report, ask, expectPrompt } = ui;

  // -- permissions: prompt before the native call, which then finds the permission set
  const prompt = async name => {
    expectPrompt(true);
    const { state } = await navigator.permissions.query({ name }).catch(() => ({}));
    if (state !== "prompt") return expectPrompt(false);
    await ask({ event: "permission", name });
  };
  const promptFirst = (owner, method, permissions) => {
    const native = owner?.[method];
    if (typeof native !== "function") return;
    owner[method] = {
      [method](...passed) {
        const call = () => native.apply(this, passed);
        const prompts = permissions(...passed);
        return prompts.reduce((done, name) => done.then(() => prompt(name)), Promise.resolve()).then(call);
      },
    }[method];
  };
  promptFirst(window.Notification, "requestPermission", () => ["notifications"]);
  promptFirst(window.MediaDevices?.prototype, "getUserMedia", constraints => [
    ...(constraints?.video ? ["camera"] : []), ...(constraints?.audio ? ["microphone"] : [])]);
  // An editor may look at the clipboard for more when Screenwright pastes text into it: no question to anyone.
  const PASTE_MS = 2000;
  let pastedAt = -PASTE_MS;
  Object.defineProperty(window, Symbol.for("screenwright.pastes"), { value: () => { pastedAt = now(); } });
  for (const method of ["readText", "read"]) {
    const owner = window.Clipboard?.prototype;
    promptFirst(owner, method, () => ["clipboard-read"]);
    const asking = owner?.[method];
    if (asking) owner[method] = {
      [method](...passed) {
        if (now() - pastedAt > PASTE_MS) return asking.apply(this, passed);
        return Promise.reject(new DOMException("Read permission denied.", "NotAllowedError"));
      },
    }[method];
  }

  const geolocation = window.Geolocation?.prototype;
  const watches = new Map();  // the id that the page has -> the browser's id, or null if the watch was cleared
  let count = 0;
  for (const method of geolocation ? ["getCurrentPosition", "watchPosition"] : []) {
    const native = geolocation[method];
    geolocation[method] = {
      [method](...passed) {
        const id = --count;
        prompt("geolocation").then(() => {
          if (watches.get(id) !== null) watches.set(id, native.apply(this, passed));
        });
        return method === "watchPosition" ? id : undefined;
      },
    }[method];
  }
  const clearWatch = geolocation?.clearWatch;
  if (clearWatch) {
    geolocation.clearWatch = {
      clearWatch(id) {
        const nativeId = watches.get(id);
        watches.set(id, null);
        if (nativeId) clearWatch.call(this, nativeId);
      },
    }.clearWatch;
  }

  // -- what nothing here can answer: the native prompt is not drawn, and blocks the page
  const refuse = (owner, method, what, error = "NotAllowedError", applies = () => true) => {
    const native = owner?.[method];
    if (typeof native !== "function") return;
    owner[method] = {
      [method](...passed) {
        if (!applies(...passed)) return native.apply(this, passed);
        report({ event: "refused", what });
        if (error === null) return Promise.resolve([]);  // nothing was chosen
        return Promise.reject(new DOMException("The request is not allowed by the user agent or the platform.", error));
      },
    }[method];
  };
  const isExplicit = options => options?.mediation !== "conditional" && options?.mediation !== "silent";
  const isPasskey = options => Boolean(options?.publicKey) && isExplicit(options);
  const isSignIn = options => Boolean(options?.identity || options?.digital || options?.otp) && isExplicit(options);
  for (const method of ["get", "create"]) {
    refuse(window.CredentialsContainer?.prototype, method, "passkey", "NotAllowedError", isPasskey);
    refuse(window.CredentialsContainer?.prototype, method, "sign-in", "NetworkError", isSignIn);
  }
  refuse(window.MediaDevices?.prototype, "getDisplayMedia", "screen sharing");
  for (const [name, method] of [["Bluetooth", "requestDevice"], ["USB", "requestDevice"], ["Serial", "requestPort"],
    ["PresentationRequest", "start"], ["RemotePlayback", "prompt"]]) {
    refuse(window[name]?.prototype, method, "device", "NotFoundError");
  }
  refuse(window.HID?.prototype, "requestDevice", "device", null);
  refuse(window.Navigator?.prototype, "requestMIDIAccess", "device", "NotAllowedError", options => Boolean(options?.sysex));
  refuse(window.EyeDropper?.prototype, "open", "colour from the screen", "AbortError");
  refuse(window.PaymentRequest?.prototype, "show", "payment", "AbortError");
  refuse(window.Navigator?.prototype, "share", "sharing", "AbortError");
})
