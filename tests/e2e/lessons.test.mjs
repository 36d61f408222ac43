// Lessons: the question that stops the run, the answer that the run gives, the steps behind it, and how far one has
// come. By keys and on a phone as well, and easy to use for all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible } from "./support/accessible.mjs";
import { useRelease } from "./support/browser.mjs";
import { clock, openTab, ready } from "./support/page.mjs";

const open = useRelease();

const card = (page) => page.getByRole("region", { name: "Lesson", exact: true });
const lesson = (page, title) => page.getByRole("button", { name: new RegExp(`^${title}`) });

/** Opens the page and a lesson, and waits for its run. */
async function opened(t, title, options) {
  const page = await open(t, options);
  await ready(page);
  await lesson(page, title).click();
  await page.locator('.lesson[aria-current="true"]').filter({ hasText: title }).waitFor();
  await ready(page);
  return page;
}

/** Goes to the question and answers it. */
async function predict(page, answer) {
  await card(page).getByRole("button", { name: "Go there" }).click();
  await card(page).getByRole("radio", { name: answer }).check();
  await card(page).getByRole("button", { name: "Check" }).click();
}

test("the run stops for the question, and the run answers it", async (t) => {
  const page = await opened(t, "Lost update");
  await page.getByLabel("Speed").selectOption({ label: "10×" });
  await card(page).getByRole("radio").first().waitFor();
  assert.equal(await clock(page), 40, "it stops where the lesson says");
  await page.getByRole("button", { name: "Play, K" }).waitFor();
  const check = card(page).getByRole("button", { name: "Check" });
  assert.equal(await check.getAttribute("aria-disabled"), "true", "nothing is chosen yet");
  await card(page).getByRole("radio", { name: "The card gets 18 points" }).check();
  await check.click();
  await card(page).getByText("Not in this run.").waitFor();
  await card(page).getByRole("listitem").filter({ hasText: /^The points of one till are gone.*, right$/ }).waitFor();
  assert.equal(await page.locator('.lesson[aria-current="true"]').getAttribute("data-standing"), "in progress");
});

test("another design answers the same question otherwise", async (t) => {
  const page = await opened(t, "Lost update");
  await page.getByRole("radio", { name: "One UPDATE" }).click();
  await ready(page);
  await predict(page, "The card gets 18 points");
  await card(page).getByText("Right.", { exact: true }).waitFor();
  await card(page).getByText("The database adds.", { exact: false }).waitFor();
});

test("the steps lead to the instants and mark what to look at", async (t) => {
  const page = await opened(t, "Write skew");
  await predict(page, "Nobody");
  await card(page).getByRole("button", { name: "Show it, step by step" }).click();
  await card(page).getByText("Step 1 of 3").waitFor();
  assert.equal(await clock(page), 37);
  assert.equal(await page.locator(".node .lit").count(), 1, "one node is marked");
  await card(page).getByRole("button", { name: "Next", exact: true }).click();
  await card(page).getByText("Step 2 of 3").waitFor();
  assert.equal(await clock(page), 39);
  await card(page).getByRole("button", { name: "Next", exact: true }).click();
  await card(page).getByRole("button", { name: "The answer" }).click();
  await card(page).getByText("Each decision was right", { exact: false }).waitFor();
  assert.equal(await page.locator(".node .lit").count(), 0);
});

test("a lesson is answered by keys alone", async (t) => {
  const page = await opened(t, "Deadlock", { reducedMotion: "reduce" });
  await card(page).getByRole("button", { name: "Go there" }).press("Enter");
  const first = card(page).getByRole("radio").first();
  await first.focus();
  await page.keyboard.press("ArrowDown");
  assert.ok(await card(page).getByRole("radio").nth(1).isChecked());
  await page.keyboard.press("Enter");
  await card(page).getByText("Right.", { exact: true }).waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "lesson");
});

test("progress is counted and survives a reload; Control K finds a lesson", async (t) => {
  const page = await opened(t, "Lost update");
  const foot = page.locator(".gallery-foot");
  assert.match(await foot.textContent(), /^0 of \d+ done$/);
  await predict(page, "The points of one till are gone, and nobody is told");
  await foot.getByText(/^1 of \d+ done$/).waitFor();
  await page.reload();
  await ready(page);
  await foot.getByText(/^1 of \d+ done$/).waitFor();
  assert.equal(await lesson(page, "Lost update").getAttribute("data-standing"), "done");
  assert.equal(await lesson(page, "Shared database").getAttribute("data-standing"), "in progress");
  assert.equal(await lesson(page, "Deadlock").getAttribute("data-standing"), "not started");
  await openTab(page, "Source");
  await page.keyboard.press("Control+k");
  await page.waitForFunction(() => document.activeElement?.id === "lesson-search");
  await page.keyboard.type("40001 repeatable");
  await page.keyboard.press("Escape");
  await page.keyboard.type("serializable");
  await lesson(page, "Write skew").waitFor();
});

test("looking at every design is enough for a lesson to be done", async (t) => {
  const page = await opened(t, "Deadlock");
  await page.getByRole("radio", { name: "In order of names" }).click();
  await page.locator('.lesson[aria-current="true"][data-standing="done"]').waitFor();
});

test("a lesson that cannot be fetched says so, and what is open stays", async (t) => {
  const page = await open(t, {});
  await page.route("**/gallery/*.tide", (route) => route.abort());
  await page.reload();
  await ready(page);
  await lesson(page, "Write skew").click();
  const canvas = page.getByRole("main", { name: "Canvas" });
  await canvas.getByText("The lesson 'Write skew' cannot be loaded: the network does not answer.", { exact: false }).waitFor();
  await page.locator('.lesson[aria-current="true"]').filter({ hasText: "Shared database" }).waitFor();
  page.complaints.splice(0);
});

test("every lesson of the list opens without a network once all were fetched", async (t) => {
  const page = await open(t);
  await ready(page);
  const titles = await page.locator(".lesson").count();
  // The first is part of the page.
  await page.waitForFunction((others) => {
    const files = performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith(".tide"));
    return files.length === others && files.every((entry) => entry.responseEnd > 0);
  }, titles - 1);
  await page.context().setOffline(true);
  for (let index = 0; index < titles; index += 1) {
    await page.locator(".lesson").nth(index).click();
    await page.locator('.lesson[aria-current="true"]').and(page.locator(".lesson").nth(index)).waitFor();
    await ready(page);
  }
});

test("a lesson that is opened while another one runs shows its own run alone", async (t) => {
  const page = await open(t);
  await lesson(page, "Lost update").click();
  await page.locator('.lesson[aria-current="true"]').filter({ hasText: "Lost update" }).waitFor();
  await ready(page);
  const lines = () => page.getByRole("tab", { name: /^Log/ }).textContent();
  const mixed = await lines();
  // What is open is saved a moment later, and only then comes back.
  await page.waitForFunction(() => localStorage.getItem("tidewire.work.1")?.includes("lost-update"));
  await page.reload();
  await ready(page);
  assert.equal(mixed, await lines());
});

test("question, answer and steps are accessible, wide and narrow", async (t) => {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(t, { viewport, colorScheme, reducedMotion: "reduce" });
      await card(page).getByRole("button", { name: "Go there" }).click();
      await card(page).getByRole("radio").first().check();
      await assertAccessible(page);
      await card(page).getByRole("button", { name: "Check" }).click();
      await card(page).getByRole("button", { name: "Show it, step by step" }).waitFor();
      await assertAccessible(page);
      await card(page).getByRole("button", { name: "Show it, step by step" }).click();
      await assertAccessible(page);
    }
  }
});

test("on a phone the answers stack and can be touched", async (t) => {
  const page = await open(t, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await card(page).getByRole("button", { name: "Go there" }).click();
  await card(page).getByRole("radio").first().waitFor();
  const boxes = await card(page).locator(".opt").evaluateAll((options) => options.map((option) => option.getBoundingClientRect().toJSON()));
  assert.ok(boxes.length >= 2);
  boxes.forEach((box, index) => {
    assert.ok(box.height >= 44, "a finger needs 44 pixels");
    assert.ok(box.left >= 0 && box.right <= 390, "nothing is cut off");
    assert.ok(index === 0 || box.top >= boxes[index - 1].bottom, "one below the other");
  });
});
