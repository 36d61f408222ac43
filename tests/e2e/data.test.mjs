// The lessons of writing at the same time, and what the Data tab shows of them: versions, locks, the last statement,
// anomalies.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible } from "./support/accessible.mjs";
import { useRelease } from "./support/browser.mjs";
import { clock, node, openTab, pause, ready } from "./support/page.mjs";

const open = useRelease();

/** Opens a lesson and stops the playhead when the run is there. */
async function lesson(page, title) {
  await ready(page);
  await page.getByRole("button", { name: new RegExp(`^${title}`) }).first().click();
  await page.locator('.lesson[aria-current="true"]').filter({ hasText: title }).waitFor();
  await ready(page);
  await pause(page);
}

/** Goes to where the lesson's rule breaks, and shows the tables of its store. */
async function toTheBreak(page, store) {
  await openTab(page, "Invariants");
  await page.getByRole("button", { name: /^Go to where it breaks at/ }).first().click();
  await node(page, store).click();
  await openTab(page, "Data");
  await page.getByRole("region", { name: /^Rows of / }).first().waitFor();
}

const LESSONS = [
  { title: "Lost update", store: "points_db", cures: ["Repeatable read", "One UPDATE"] },
  { title: "Write skew", store: "rota_db", cures: ["Serializable", "Ward locked"] },
  { title: "Deadlock", store: "bank_db", cures: ["In order of names"] },
];

for (const { title, store, cures } of LESSONS) {
  test(`${title}: the first design breaks its rule, the others keep it`, async (t) => {
    const page = await open(t);
    await lesson(page, title);
    await toTheBreak(page, store);
    await openTab(page, "Invariants");
    const panel = page.getByRole("tabpanel", { name: "Inspector" });
    await panel.getByText("broken", { exact: true }).first().waitFor();
    for (const cure of cures) {
      await page.getByRole("radio", { name: cure, exact: true }).click();
      await ready(page);
      await panel.getByText("Go to where it breaks").waitFor({ state: "detached" });
      const broken = page.getByRole("button", { name: /^Go to where it breaks at/ });
      assert.equal(await broken.count(), 0, `${cure} keeps every rule`);
    }
  });
}

test("a deadlock shows who holds what, who waits, and by which plan the row was found", async (t) => {
  const page = await open(t);
  await lesson(page, "Deadlock");
  await toTheBreak(page, "bank_db");
  const panel = page.getByRole("tabpanel", { name: "Inspector" });
  for (const name of ["ann", "shop"]) {
    await panel.getByRole("heading", { name: new RegExp(`^Locks on accounts, name ${name}`) }).waitFor();
  }
  assert.equal(await panel.getByText(/waits for T-\d+$/).count(), 2, "each waits for the other");
  await panel.getByText("Index Scan using accounts_pkey on accounts").waitFor();
  await panel.getByText("waits for a lock", { exact: true }).waitFor();
  const versions = panel.getByRole("region", { name: "Versions of rows of accounts" });
  assert.equal(await versions.getByRole("row").count(), 5, "a head, and two versions of each account");
  await panel.getByRole("radio", { name: /^T-\d+/ }).first().click();
  await panel.getByText(/^seen by T-\d+$/).last().waitFor();
  await panel.getByText(/Only T-\d+ sees these rows/).waitFor();
  await assertAccessible(page);
});

test("an anomaly leads to the statements on it", async (t) => {
  const page = await open(t);
  await lesson(page, "Lost update");
  await toTheBreak(page, "points_db");
  const panel = page.getByRole("tabpanel", { name: "Inspector" });
  const anomaly = panel.locator(".anomaly-list details").first();
  await anomaly.getByText("Lost update").click();
  await assertAccessible(page);
  const steps = anomaly.getByRole("button");
  assert.ok((await steps.count()) >= 3, "both read, both write");
  const when = Number.parseFloat((await steps.first().locator(".anomaly-when").textContent()).replace(/\s/g, ""));
  await steps.first().click();
  assert.ok(Math.abs((await clock(page)) - when) <= 1, "the playhead is at the statement");
  await page.getByRole("radio", { name: "One UPDATE", exact: true }).click();
  await ready(page);
  await panel.getByText(/^None\. Its transactions, one after the other/).waitFor();
});

test("on a phone the tables stay within the page", async (t) => {
  const page = await open(t, { viewport: { width: 390, height: 844 } });
  await page.getByRole("application").waitFor();
  await node(page, "shop_db").click();
  await openTab(page, "Data");
  await page.getByRole("region", { name: /^Rows of / }).first().waitFor();
  const [width, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(width <= inner, `${width} of ${inner} pixels`);
  await assertAccessible(page);
});
