// What the panels do beside the diagram: finding lessons, reading tables, invariants, the log, the text with keys.
import assert from "node:assert/strict";
import { test } from "node:test";
import { useRelease } from "./support/browser.mjs";
import { clock, node, openTab, pause, ready, sourceWhere } from "./support/page.mjs";

const open = useRelease();

/** Opens the page, waits for its run and stops the playhead. */
async function paused(t) {
  const page = await open(t);
  await ready(page);
  await pause(page);
  return page;
}

/** Sends the playhead to the first violation, through the invariant that says when it breaks. */
async function toViolation(page) {
  await openTab(page, "Invariants");
  await page.getByRole("button", { name: /^Go to where it breaks at/ }).first().click();
  await page.getByRole("tabpanel", { name: "Inspector" }).getByText("broken", { exact: true }).first().waitFor();
}

test("a lesson is found by its words and opened", async (t) => {
  const page = await paused(t);
  const search = page.getByRole("textbox", { name: /^Search \d+ lessons/ });
  await search.fill("no such lesson");
  await page.getByText("No lesson matches.").waitFor();
  await search.press("Escape");
  await search.fill("OUTBOX");
  await page.getByRole("button", { name: /^Dual write or outbox/ }).click();
  await page.locator('.lesson[aria-current="true"]').filter({ hasText: "Dual write or outbox" }).waitFor();
  await sourceWhere(page, (text) => text.includes("design 'Outbox'"));
});

test("an invariant leads to where it breaks and shows the rows that break it", async (t) => {
  const page = await paused(t);
  await toViolation(page);
  assert.ok((await clock(page)) > 0, "the playhead is where the invariant breaks");
  const rows = page.getByRole("region", { name: "Rows that show it" }).getByRole("row");
  assert.ok((await rows.count()) >= 2, "a head and at least one row");
});

test("tables are read as an open transaction, which alone sees its rows", async (t) => {
  const page = await paused(t);
  await toViolation(page);
  await node(page, "shop_db").click();
  await openTab(page, "Data");
  const readers = page.getByRole("radiogroup", { name: "Read as" });
  const committed = readers.getByRole("radio", { name: "Committed" });
  assert.equal(await committed.getAttribute("aria-checked"), "true");
  await page.getByRole("region", { name: "Rows of stock" }).getByRole("row").nth(3).waitFor();
  const transaction = readers.getByRole("radio", { name: /^T-\d+/ }).last();
  // Which transactions are open where the rule breaks is the run's affair: some instant before, one is.
  for (let step = 0; step < 60 && (await transaction.count()) === 0; step += 1) {
    await page.getByRole("button", { name: "Step back, Left arrow" }).click();
  }
  await transaction.waitFor();
  await committed.press("ArrowLeft");
  assert.equal(await transaction.getAttribute("aria-checked"), "true");
  assert.ok(await transaction.evaluate((radio) => radio === document.activeElement), "the focus moves with the choice");
});

test("the log has every record and few rows in the page; keys move the playhead", async (t) => {
  const page = await paused(t);
  await openTab(page, "Log");
  const log = page.getByRole("listbox", { name: "What happened, in order" });
  const rows = log.getByRole("option");
  await rows.first().waitFor();
  const all = Number(await rows.first().getAttribute("aria-setsize"));
  assert.ok(all > 5_000, `${all} lines`);
  assert.ok((await rows.count()) < 200, "only rows near the place that is looked at");
  await log.press("PageDown");
  await log.press("ArrowDown");
  await log.locator('[aria-selected="true"]').waitFor();
  const [selected, current] = await Promise.all([
    log.locator('[aria-selected="true"]').getAttribute("aria-posinset"),
    log.locator("[aria-current]").getAttribute("aria-posinset"),
  ]);
  assert.ok(Number(current) >= Number(selected), "the playhead is at the chosen line");
  await node(page, "payments").click();
  await page.getByRole("button", { name: "Only payments" }).click();
  await page.waitForFunction((all) => Number(document.querySelector(".log-row")?.getAttribute("aria-setsize")) < all, all);
});

test("Tab indents and keeps nobody; the caret stays where it is when the text changes elsewhere", async (t) => {
  const page = await paused(t);
  await openTab(page, "Source");
  const text = page.getByRole("textbox", { name: "Scenario" });
  const before = await text.inputValue();
  const caret = before.indexOf("service shipping");
  await text.evaluate((field, at) => (field.focus(), field.setSelectionRange(at, at)), caret);
  await page.keyboard.press("Tab");
  assert.equal(await text.inputValue(), `${before.slice(0, caret)}  ${before.slice(caret)}`);
  await page.keyboard.press("Control+z");
  await sourceWhere(page, (now) => now === before);
  assert.equal(await text.evaluate((field) => field.selectionStart), caret);
  await text.focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.ok(await text.evaluate((field) => field !== document.activeElement), "Escape and Tab leave the text");
});

test("a node is renamed from its menu with the keyboard", async (t) => {
  const page = await paused(t);
  await node(page, "payments").click();
  await openTab(page, "Node");
  await page.getByRole("button", { name: "Actions for payments" }).press("Enter");
  await page.getByRole("menuitem", { name: "Show in the source" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type("billing");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "billing" }).waitFor();
  await sourceWhere(page, (text) => text.includes("service billing"));
});
