// Messages: between the ends of a channel, from sockets, event streams and workers, and from other windows. See `sources.js`.
(page => {
  const { now, wrap, wrapClass, causeNow, enter, add, addUntil, end, replied } = page;
  const MAX_CHAIN_MS = 3000;

  // -- messages between the two ends of a channel, by which schedulers pass their work on
  const ports = new WeakMap();  // port -> the other one, and the messages that are on their way to that
  wrapClass("MessageChannel", channel => {
    for (const [port, other] of [[channel.port1, channel.port2], [channel.port2, channel.port1]]) {
      const queue = [];
      ports.set(other, { queue, port });
      port.addEventListener("message", () => {
        const message = queue.shift();
        if (!message) return;
        end(message.work);
        enter(message.next);
      });
    }
  });

  // -- sockets, workers and event streams that may reply, also in several messages. One that has not replied to the last
  // message is not waited for until it sends something.
  const REPLY_MS = page.REPLY_MS = 1500;
  const WORKER_REPLY_MS = 500;  // when something is shown: editors send their workers much that has no reply
  const LOAD_STREAM_MS = 500;  // an event stream that the page opens when it loads often stays silent
  const FURTHER_REPLY_MS = 200;
  const RESTLESS_MS = 2000;
  const channels = new WeakMap();
  const sockets = new Set();
  const expectMore = (channel, leftMs) => {
    end(channel.further);
    channel.further = leftMs > 0 ? add("another reply", channel.cause, Math.min(FURTHER_REPLY_MS, leftMs), leftMs) : null;
  };
  const watchChannel = target => {
    const cause = causeNow();
    const channel = { cause, work: null, further: null, sentAt: 0, unaskedAt: 0, isSilent: false };
    channels.set(target, channel);
    const onReply = ({ type }) => {
      const time = now();
      if (type !== "open") {
        if (channel.work) channel.cause = replied(channel.cause);
        else if (time - channel.sentAt > MAX_CHAIN_MS) channel.unaskedAt = time;
        end(channel.work);
        Object.assign(channel, { work: null, isSilent: false });
        expectMore(channel, channel.sentAt + MAX_CHAIN_MS - time);
      }
      enter(channel.cause);
    };
    for (const type of ["message", "open", "error"]) target.addEventListener(type, onReply);
    return channel;
  };
  const expectReply = (target, cause, sureMs = REPLY_MS) => {
    const channel = channels.get(target) ?? watchChannel(target);
    if (cause.origin < channel.cause.origin) return;  // such as a ping by a timer, while something newer is awaited
    const time = now();
    if (channel.work && time > channel.work.sureUntil) channel.isSilent = true;
    end(channel.work);
    Object.assign(channel, { cause, sentAt: time });
    channel.work = channel.isSilent ? null : add("a reply", cause, sureMs, MAX_CHAIN_MS);
  };
  wrapClass("WebSocket", socket => {
    sockets.add(socket);
    socket.addEventListener("close", () => sockets.delete(socket));
    expectReply(socket, causeNow());
  });
  wrapClass("EventSource", stream => {
    const cause = causeNow();
    expectReply(stream, cause, cause.kind === "load" ? LOAD_STREAM_MS : REPLY_MS);
  });
  // What a request has started may be reported by a socket. One that sends by itself anyway is not waited for.
  page.answered = cause => {
    if (cause.kind !== "input" || cause.isEndless) return;
    const time = now();
    for (const socket of sockets) {
      const channel = channels.get(socket);
      const isRestless = time - channel.unaskedAt < RESTLESS_MS;
      if (socket.readyState !== WebSocket.OPEN || channel.work || isRestless || cause.origin < channel.cause.origin) continue;
      Object.assign(channel, { cause: replied(cause), sentAt: time });
      expectMore(channel, MAX_CHAIN_MS);
    }
  };
  for (const name of ["Worker", "SharedWorker"]) wrapClass(name, target => watchChannel(target.port ?? target));
  // after a port is sent away, what arrives at the other end is a reply
  const sendAway = passed => {
    for (const port of Array.isArray(passed) ? passed : passed?.transfer ?? []) {
      if (!ports.has(port)) continue;
      ports.delete(ports.get(port).port);
      ports.delete(port);
    }
  };
  const wrapSend = (prototype, name, sureMs) => wrap(prototype, name, native => ({
    send(...passed) {
      sendAway(passed[1]);
      expectReply(this, causeNow(), sureMs);
      return native.apply(this, passed);
    },
  }).send);
  wrapSend(window.WebSocket?.prototype, "send", REPLY_MS);
  wrapSend(window.Worker?.prototype, "postMessage", WORKER_REPLY_MS);
  wrap(window.MessagePort?.prototype, "postMessage", native => ({
    postMessage(...passed) {
      sendAway(passed[1]);
      const cause = causeNow();
      const own = ports.get(this);
      const isAway = own && now() > own.queue[0]?.until;  // handed to another window
      if (isAway) ports.delete(this);
      if (!own || isAway) expectReply(this, cause);
      else {
        const work = addUntil("messages", cause, Math.min(now() + 1000, cause.chain + MAX_CHAIN_MS));
        own.queue.push({ work, until: now() + 1000, next: { ...cause, depth: cause.depth + 1 } });
      }
      return native.apply(this, passed);
    },
  }).postMessage);
  // messages without a known sender: give their handlers the time to send the next one
  const HANDOVER_MS = 60;
  window.addEventListener("message", event => {
    if (event.source === window) add("messages", causeNow(), HANDOVER_MS);
  }, true);
  wrap(window.BroadcastChannel?.prototype, "postMessage", native => ({
    postMessage(...passed) {
      add("messages", causeNow(), HANDOVER_MS);
      return native.apply(this, passed);
    },
  }).postMessage);
})
