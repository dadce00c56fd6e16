import { MantineProvider } from "@mantine/core";
import { Notifications, notifications } from "@mantine/notifications";
import { createRoot } from "react-dom/client";

const save = () => notifications.show({
  message: "Saved", autoClose: 2000, onOpen: show, onClose: () => { document.getElementById("box").style.background = ""; },
});
createRoot(document.getElementById("app")).render(
  <MantineProvider><Notifications /><button id="go" onClick={save}>go</button></MantineProvider>);
