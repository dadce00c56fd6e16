import { html, LitElement } from "lit";
import { until } from "lit/directives/until.js";

customElements.define("lab-list", class extends LitElement {
  static properties = { items: { state: true } };
  press() {
    this.items = get("/0.5/items").then(text => { setTimeout(show, 100); return html`<p>${text}</p>`; });
  }
  render() {
    return html`<button style="position:fixed;left:0;top:0;width:200px;height:100px" @click=${this.press}>go</button>
      ${until(this.items, html`<p>Loading</p>`)}`;
  }
});
document.getElementById("app").append(document.createElement("lab-list"));
