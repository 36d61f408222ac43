// Editing, with the mouse, with the keyboard and as text; nothing is lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import { useRelease } from "./support/browser.mjs";
import { clockMoves, node, openTab, ready, source, sourceWhere } from "./support/page.mjs";

const open = useRelease();

/** Presses in the middle of a node and lets go this much further. */
async function drag(page, name, dx, dy) {
  const box = await node(page, name).boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx / 2, y + dy / 2);
  await page.mouse.move(x + dx, y + dy);
  await page.mouse.up();
}

test("a node is moved with the mouse; undo brings the text back byte for byte", async (t) => {
  const page = await open(t);
  await ready(page);
  const before = await source(page);
  await openTab(page, "Gallery");
  await drag(page, "payments", 16, 32);
  await sourceWhere(page, (text) => text !== before);
  await page.getByRole("button", { name: "Undo, Control Z" }).click();
  assert.equal(await source(page), before);
});

test("a part is added and renamed with the keyboard, and deleted", async (t) => {
  const page = await open(t);
  await ready(page);
  await openTab(page, "Parts");
  await page.getByRole("button", { name: /^Service/ }).press("Enter");
  const added = page.locator('[data-node][aria-pressed="true"]');
  await added.waitFor();
  await added.focus();
  await page.keyboard.press("F2");
  await page.getByRole("textbox", { name: /New name of/ }).fill("billing");
  await page.keyboard.press("Enter");
  await node(page, "billing").waitFor();
  assert.match(await source(page), /service billing\b/);
  await node(page, "billing").focus();
  await page.keyboard.press("Delete");
  await sourceWhere(page, (text) => !/service billing\b/.test(text));
});

test("the keyboard goes from node to node and leaves the diagram", async (t) => {
  const page = await open(t);
  await ready(page);
  await page.locator("#diagram").focus();
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.id);
  assert.match(first, /^node-/);
  await page.keyboard.press("Tab");
  const second = await page.evaluate(() => document.activeElement.id);
  assert.notEqual(second, first);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  assert.doesNotMatch(await page.evaluate(() => document.activeElement.id), /^node-/);
});

test("a service gets its own database, as a new design", async (t) => {
  const page = await open(t);
  await ready(page);
  const designs = await page.getByRole("radiogroup", { name: "Design" }).getByRole("radio").count();
  await node(page, "payments").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Give this service its own database" }).click();
  // Their names side by side would take too much room.
  const after = page.getByRole("combobox", { name: "Design" });
  await after.waitFor();
  assert.equal(await after.locator("option").count(), designs + 1);
  assert.equal(await after.inputValue(), String(designs), "the new one is selected");
});

test("while the text is invalid the last valid design keeps running", async (t) => {
  const page = await open(t);
  await ready(page);
  const before = await source(page);
  const text = page.getByRole("textbox", { name: /source|scenario/i });
  await text.fill(`${before}\nservice {`);
  await page.getByText("The last valid design keeps running.").first().waitFor();
  await page.getByText(/\d+:\d+/).first().waitFor();
  await clockMoves(page);
  await text.fill(before);
  await page.getByText("The last valid design keeps running.").first().waitFor({ state: "detached" });
});

test("work survives a reload, and the lesson comes back when wanted", async (t) => {
  const page = await open(t);
  await ready(page);
  const before = await source(page);
  await page.getByRole("textbox", { name: /source|scenario/i }).fill(`-- mine\n${before}`);
  await page.waitForFunction(() => Object.values(localStorage).some((value) => value.includes("-- mine")));
  await page.reload();
  await ready(page);
  assert.ok((await source(page)).startsWith("-- mine"), "the edited text is back");
  await page.getByRole("button", { name: "Back to the lesson" }).click();
  assert.equal(await sourceWhere(page, (text) => !text.startsWith("-- mine")), before);
});

test("what was kept is treated as hostile", async (t) => {
  const page = await open(t);
  await ready(page);
  const values = [
    "{",
    '{"lesson":"<b>","text":7}',
    JSON.stringify({ lesson: "shared-database", design: "<img src=x onerror=alert(1)>", seed: 9 }),
    JSON.stringify({ text: "x".repeat(300 * 1024) }),
  ];
  for (const value of values) {
    await page.evaluate((text) => localStorage.setItem("tidewire.work.1", text), value);
    await page.reload();
    await ready(page);
  }
});
