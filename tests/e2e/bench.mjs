// Takes figures in headless Chromium and prints each as one line of JSON. `cargo xtask bench` calls it:
//   node bench.mjs wasm FOLDER   the measures of web/examples/bench.rs, built into FOLDER
//   node bench.mjs page FOLDER   how fast the release in FOLDER shows something that moves
import assert from "node:assert/strict";
import { launch, newPage } from "./support/browser.mjs";
import { serve } from "./support/server.mjs";

/** Visits that count, each with a browser and a profile of its own; the first does not count. */
const VISITS = 7;
/** The whole of the Wasm measures, in milliseconds. */
const PATIENCE = 600_000;

const [part, folder] = process.argv.slice(2);
const parts = { wasm: measuresAsWasm, page: visits };
assert.ok(part in parts && folder, "which part, and over which folder?");
const server = await serve(folder);
await parts[part]();
await server.close();

async function measuresAsWasm() {
  const browser = await launch();
  const page = await newPage(browser);
  page.on("console", (message) => {
    if (message.type() === "log") {
      console.log(message.text());
    }
  });
  await page.goto(server.address);
  page.setDefaultTimeout(PATIENCE);
  // The module's `main` takes all figures before it returns.
  await page.evaluate(async () => {
    const module = await import("./bench.js");
    await module.default();
  });
  await browser.close();
  assert.deepEqual(page.complaints, [], "the measures went through");
}

async function visits() {
  const moments = { "first-contentful-paint": [], "first-token": [] };
  for (let visit = 0; visit <= VISITS; visit += 1) {
    const browser = await launch();
    const page = await newPage(browser);
    await page.goto(server.address);
    for (const [name, times] of Object.entries(moments)) {
      const entry = await page.waitForFunction((name) => performance.getEntriesByName(name)[0]?.startTime, name);
      if (visit > 0) {
        times.push(await entry.jsonValue());
      }
    }
    await browser.close();
  }
  report("page: first paint with contents", median(moments["first-contentful-paint"]), "ms");
  report("page: first moving token", median(moments["first-token"]), "ms", { at_most: 1000 });
}

function median(values) {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
}

function report(name, value, unit, goal) {
  console.log(JSON.stringify({ name, place: "page", value, unit, goal }));
}
