import "zone.js";
import "@angular/compiler";
import { Component, provideZoneChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";

declare const get: (path: string) => Promise<string>, show: () => void;

@Component({
  selector: "lab-app",
  template: `<button id="go" (click)="press()">go</button>@for (item of items; track item) {<p>{{ item }}</p>}`,
})
class App {
  items: string[] = [];
  async press() {
    for (let n = 0; n < 4; n++) setTimeout(() => {}, 20);
    this.items = JSON.parse(await get("/0.4/items"));
    setTimeout(() => { this.items = [...this.items, "last"]; show(); }, 400);
  }
}

document.getElementById("app")!.append(document.createElement("lab-app"));
bootstrapApplication(App, { providers: [provideZoneChangeDetection()] });
