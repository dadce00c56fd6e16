import { Snackbar } from "@mui/material";
import { useState } from "react";
import { createRoot } from "react-dom/client";

function App() {
  const [isOpen, setOpen] = useState(false);
  const save = async () => { await get("/0.3/saved"); setOpen(true); };
  const close = () => { setOpen(false); document.getElementById("box").style.background = ""; };
  return <>
    <button id="go" onClick={save}>go</button>
    <Snackbar open={isOpen} autoHideDuration={2500} onClose={close} message="Saved"
      slotProps={{ transition: { onEntered: show } }} />
  </>;
}
createRoot(document.getElementById("app")).render(<App />);
