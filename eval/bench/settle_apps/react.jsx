import { Suspense, startTransition, use, useEffect, useOptimistic, useState } from "react";
import { createRoot } from "react-dom/client";

const Row = ({ n }) => { burn(2); return <li>{n}</li>; };
const Green = ({ children }) => { useEffect(show, []); return children; };

function Slices() {
  const [rows, setRows] = useState(0);
  return <>
    <button id="go" onClick={() => startTransition(() => setRows(150))}>go</button>
    {rows > 0 && <Green>{Array.from({ length: rows }, (_, n) => <Row key={n} n={n} />)}</Green>}
  </>;
}

const Data = ({ data }) => <Green>{use(data)}</Green>;
function Suspended() {
  const [data] = useState(() => get("/0.5/x"));
  return <Suspense fallback={<p>Loading</p>}><Data data={data} /></Suspense>;
}

function Optimistic() {
  const [likes, setLikes] = useState(4);
  const [shown, like] = useOptimistic(likes, (count, more) => count + more);
  const press = () => startTransition(async () => { like(1); await get("/0.6/x"); startTransition(() => setLikes(5)); });
  return <><button id="go" onClick={press}>go</button><p>{shown}</p>{likes === 5 && <Green>kept</Green>}</>;
}

const apps = { slices: Slices, suspense: Suspended, optimistic: Optimistic };
const App = apps[location.search.slice(1)];
createRoot(document.getElementById("app")).render(<App />);
