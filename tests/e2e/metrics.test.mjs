// The Metrics tab: figures when the run is over, charts with a name, a description and a table, all of it by keyboard.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible } from "./support/accessible.mjs";
import { useRelease } from "./support/browser.mjs";
import { openTab, pause, ready } from "./support/page.mjs";

const open = useRelease();
const CHARTS = ["Latency", "Age of copies", "What waits for workers and readers", "Transactions that wait for locks"];

/** Opens the page with the figures of its run. */
async function measured(t, options) {
  const page = await open(t, options);
  await ready(page);
  await pause(page);
  await openTab(page, "Metrics");
  await page.getByRole("heading", { name: "Latency", exact: true }).waitFor();
  return page;
}

test("every chart has a name, a description with figures, and its table", async (t) => {
  const page = await measured(t);
  for (const name of CHARTS) {
    const chart = page.getByRole("img", { name, exact: true });
    const about = await chart.getAttribute("aria-describedby");
    const words = await page.locator(`#${about}`).textContent();
    assert.match(words, /\d/, `${name} says figures: ${words}`);
    const figure = page.getByRole("figure").filter({ has: chart });
    await figure.getByText("As a table").click();
    const rows = figure.getByRole("table").getByRole("row");
    assert.ok((await rows.count()) >= 2, `${name}: a head and at least one row`);
  }
});

test("the latency of any command can be chosen, and its bars are its answers", async (t) => {
  const page = await measured(t);
  const choice = page.getByRole("combobox", { name: "Latency of" });
  await choice.selectOption("shipping.Quote");
  const figure = page.getByRole("figure").filter({ has: choice });
  await figure.getByText("As a table").click();
  const cells = await figure.getByRole("table").getByRole("cell").allTextContents();
  const sum = cells.map(Number).reduce((all, one) => all + one, 0);
  const commands = page.getByRole("region", { name: "Clients and commands" });
  const row = commands.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "shipping.Quote" }) });
  assert.equal(sum, Number(await row.getByRole("cell").first().textContent()));
});

test("keys lead to the figures and open a table", async (t) => {
  const page = await open(t);
  await ready(page);
  await pause(page);
  await page.keyboard.press("Alt+3");
  await page.getByRole("tab", { name: "Metrics", selected: true }).waitFor();
  const summary = page.getByText("As a table").first();
  await summary.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Latency, as a table" }).waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious in the figures in ${colorScheme}`, async (t) => {
    const page = await measured(t, { colorScheme });
    await page.getByText("As a table").nth(1).click();
    await assertAccessible(page);
  });

  test(`axe finds nothing serious in the figures on a narrow screen in ${colorScheme}`, async (t) => {
    const page = await open(t, { colorScheme, viewport: { width: 390, height: 844 } });
    await page.getByRole("application").waitFor();
    await openTab(page, "Metrics");
    await page.getByRole("heading", { name: "Latency", exact: true }).waitFor();
    await assertAccessible(page);
  });
}
