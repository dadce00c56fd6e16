import { message, Table } from "antd";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const hide = () => { document.getElementById("box").style.background = ""; };

const Notice = () => {
  const save = () => { message.success({ content: "Saved", duration: 3, onClose: hide }); show(); };
  return <button id="go" onClick={save}>go</button>;
};

function Orders() {
  const [rows, setRows] = useState(null);
  const [isLoading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    setRows(JSON.parse(await get("/0.7/items")).map(name => ({ key: name, name })));
    setLoading(false);
  };
  useEffect(() => { if (rows && !isLoading) show(); }, [rows, isLoading]);
  return <>
    <button id="go" onClick={load}>go</button>
    <Table loading={isLoading} dataSource={rows ?? []} columns={[{ title: "Name", dataIndex: "name" }]} />
  </>;
}

const App = location.search === "?notice" ? Notice : Orders;
createRoot(document.getElementById("app")).render(<App />);
