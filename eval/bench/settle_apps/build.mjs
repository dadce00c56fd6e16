// node build.mjs FOLDER: bundles the apps beside this file into FOLDER/dist, with the packages installed in FOLDER.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = process.argv[2];
const here = dirname(fileURLToPath(import.meta.url));
const installed = createRequire(join(folder, "package.json"));
const esbuild = installed("esbuild");
const { compile } = await import(pathToFileURL(join(folder, "node_modules/svelte/src/compiler/index.js")));
const svelte = {
  name: "svelte",
  setup: build => build.onLoad({ filter: /\.svelte$/ }, ({ path }) => ({
    contents: compile(readFileSync(path, "utf8"), { filename: path, generate: "client", css: "injected" }).js.code,
    resolveDir: join(folder),
  })),
};
mkdirSync(join(folder, "dist"), { recursive: true });
await esbuild.build({
  entryPoints: readdirSync(here).filter(name => /\.(jsx?|ts)$/.test(name)).map(name => join(here, name)),
  outdir: join(folder, "dist"),
  bundle: true,
  minify: true,
  format: "iife",
  jsx: "automatic",
  nodePaths: [join(folder, "node_modules")],
  conditions: ["browser"],
  mainFields: ["browser", "module", "main"],
  loader: { ".ttf": "dataurl" },
  define: { "process.env.NODE_ENV": '"production"', __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false" },
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
  plugins: [svelte],
});
