import { Grow, Snackbar } from "@mui/material";
import { useState } from "react";
import { createRoot } from "react-dom/client";

const Shown = props => <Grow {...props} onEntered={show} />;

function App() {
  const [isOpen, setOpen] = useState(false);
  const save = async () => { await get("/0.3/saved"); setOpen(true); };
  const close = () => { setOpen(false); document.getElementById("box").style.background = ""; };
  return <>
    <button id="go" onClick={save}>go</button>
    <Snackbar open={isOpen} autoHideDuration={2500} onClose={close} message="Saved"
      slots={{ transition: Shown }} />
  </>;
}
createRoot(document.getElementById("app")).render(<App />);
