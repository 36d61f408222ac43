// The streams of an event store: replay to a point, with the state that is folded up to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible } from "./support/accessible.mjs";
import { useRelease } from "./support/browser.mjs";
import { openTab, ready } from "./support/page.mjs";

const open = useRelease();

/** Opens the lesson at its end, with the event store in the Data tab. */
async function opened(t, options) {
  const page = await open(t, { reducedMotion: "reduce", ...options });
  await ready(page);
  await page.getByRole("button", { name: /^Event sourcing/ }).click();
  await page.locator('.lesson[aria-current="true"]').filter({ hasText: "Event sourcing" }).waitFor();
  await ready(page);
  await page.getByRole("slider", { name: "Playhead" }).press("End");
  await page.locator(".k-eventstore.node").first().click();
  await openTab(page, "Data");
  await page.getByRole("region", { name: "Streams" }).waitFor();
  return page;
}

test("a scrubber replays a stream to any of its events and shows the state there", async (t) => {
  const page = await opened(t);
  const streams = page.getByRole("region", { name: "Streams" });
  const replay = streams.getByRole("slider", { name: /^Replay of / });
  const events = streams.locator(".stream-event");
  const count = await events.count();
  assert.ok(count >= 2, "there are events");
  assert.equal(await replay.inputValue(), String(count), "it begins at the newest");
  const state = () => streams.locator(".folded").first().textContent();
  const newest = await state();
  await replay.press("Home");
  await streams.getByText("Before the first event").waitFor();
  assert.notEqual(await state(), newest, "nothing was folded yet");
  assert.equal(await streams.locator(".stream-event.later").count(), count);
  await streams.getByRole("button", { name: "One event forward" }).click();
  await streams.getByText(new RegExp(`^Behind event 1 of ${count}: `)).waitFor();
  assert.ok((await streams.locator(".folded .changed del").count()) > 0, "what the event changed is marked, with what was there");
  await events.nth(count - 1).click();
  assert.equal(await replay.inputValue(), String(count));
  assert.match(await replay.getAttribute("aria-valuetext"), new RegExp(`^Behind event ${count} of ${count}: `));
});

test("the streams are accessible", async (t) => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await opened(t, { colorScheme });
    await assertAccessible(page);
  }
});
