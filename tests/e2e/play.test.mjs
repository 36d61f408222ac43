// The scenario runs and can be followed: play, steps, scrubbing, causes and effects, designs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { useRelease } from "./support/browser.mjs";
import { clock, clockMoves, openTab, pause, ready, run, traceHash } from "./support/page.mjs";

const open = useRelease();

test("plays by itself: the clock runs and a message moves", async (t) => {
  const page = await open(t);
  await ready(page);
  await clockMoves(page);
  await page.waitForFunction(() => performance.getEntriesByName("first-token").length > 0);
});

test("waits for a person who asked for less motion", async (t) => {
  const page = await open(t, { reducedMotion: "reduce" });
  await ready(page);
  await page.getByRole("button", { name: "Play, K" }).waitFor();
  assert.equal(await clock(page), 0);
});

test("steps forward and back to the same instant, and says what happened", async (t) => {
  const page = await open(t, { reducedMotion: "reduce" });
  await ready(page);
  const step = (name) => page.getByRole("button", { name }).click();
  await step("Step forward, Right arrow");
  const first = await page.getByRole("slider", { name: "Playhead" }).getAttribute("aria-valuetext");
  await step("Step forward, Right arrow");
  const second = await page.getByRole("slider", { name: "Playhead" }).getAttribute("aria-valuetext");
  assert.notEqual(first, second);
  await step("Step back, Left arrow");
  assert.equal(await page.getByRole("slider", { name: "Playhead" }).getAttribute("aria-valuetext"), first);
  await page.getByRole("slider", { name: "Playhead" }).press("End");
  assert.ok((await clock(page)) > 1000);
  await page.getByRole("slider", { name: "Playhead" }).press("Home");
  assert.equal(await clock(page), 0);
});

test("switches the design on the same seed, and back to the same run", async (t) => {
  const page = await open(t);
  await ready(page);
  const shared = await traceHash(page);
  await page.getByRole("radio", { name: "Database per service" }).click();
  await page.waitForFunction((hash) => {
    const shown = document.querySelector(".hash");
    return shown && shown.textContent !== hash;
  }, shared);
  await page.getByRole("radio", { name: "Shared database" }).click();
  await page.waitForFunction((hash) => document.querySelector(".hash")?.textContent === hash, shared);
});

test("breaks the rule on the shared database, keeps it on databases of one's own", async (t) => {
  const page = await open(t, { reducedMotion: "reduce" });
  await ready(page);
  await openTab(page, "Invariants");
  await page.getByRole("slider", { name: "Playhead" }).press("End");
  const broken = page.getByRole("tab", { name: /of 4 broken/ });
  await broken.waitFor();
  await page.getByRole("radio", { name: "Database per service" }).click();
  await ready(page);
  await page.getByRole("slider", { name: "Playhead" }).press("End");
  await page.getByText("all 4 hold").waitFor();
  assert.equal(await broken.count(), 0);
});

test("a selected message shows its causes and effects", async (t) => {
  const page = await open(t);
  await ready(page);
  await pause(page);
  await run(page).locator(".sp").first().click();
  await run(page).getByText(/\d+ causes?, .*\d+ effects?/).waitFor();
  assert.ok((await page.locator(".w.causal").count()) > 0, "wires on its way are marked");
  assert.ok((await run(page).locator(".sp.causal").count()) > 0, "spans on its way are marked");
});

test("another seed is another run", async (t) => {
  const page = await open(t);
  await ready(page);
  const before = await traceHash(page);
  await page.getByRole("button", { name: "Next seed" }).click();
  await page.waitForFunction((hash) => {
    const shown = document.querySelector(".hash");
    return shown && shown.textContent !== hash;
  }, before);
});

test("runs on the page itself where workers are refused, to the same end", async (t) => {
  const page = await open(t);
  await ready(page);
  const hash = await traceHash(page);
  await page.addInitScript(() => {
    globalThis.Worker = class {
      constructor() {
        throw new Error("refused");
      }
    };
  });
  await page.reload();
  await ready(page);
  assert.equal(await traceHash(page), hash);
});
