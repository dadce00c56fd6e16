import { createApp, h, nextTick, ref, Transition } from "vue";

createApp({
  setup() {
    const items = ref([]);
    const press = async () => {
      items.value = JSON.parse(await get("/0.4/items"));
      await nextTick();
      items.value.push("last");
    };
    return () => [
      h("button", { id: "go", onClick: press }, "go"),
      h(Transition, { name: "fade", onAfterEnter: show }, () =>
        items.value.length > 3 ? h("ul", items.value.map(item => h("li", item))) : null),
    ];
  },
}).mount("#app");
const style = document.createElement("style");
style.textContent = ".fade-enter-active{transition:opacity .3s}.fade-enter-from{opacity:0}";
document.head.append(style);
