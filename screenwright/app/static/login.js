// Exchanges the secret after the # of the printed address for a cookie; what follows # is sent to no server.
const secret = location.hash.slice(1);
const message = document.getElementById("message");

async function logIn() {
  if (!secret) return "Open the address that the terminal shows: it ends with # and a secret.";
  const response = await fetch("/api/login", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ secret }),
  });
  if (!response.ok) return (await response.json()).error;
  history.replaceState(null, "", location.pathname + location.search);
  location.reload();
  return "Opening…";
}

message.textContent = await logIn().catch(() => "The server does not answer. Is it still running?");
