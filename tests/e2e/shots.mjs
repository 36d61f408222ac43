// Takes pictures of the release: wide and narrow, light and dark, into target/shots; and the README's.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch, newPage } from "./support/browser.mjs";
import { node, openTab, pause, ready } from "./support/page.mjs";
import { serve } from "./support/server.mjs";

const root = new URL("../../", import.meta.url);
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

const server = await serve();
const browser = await launch();
for (const folder of ["target/shots/", "docs/"]) {
  mkdirSync(new URL(folder, root), { recursive: true });
}
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await newPage(browser, { viewport, colorScheme });
    await page.goto(server.address);
    await (size === "wide" ? ready(page) : page.getByRole("application").waitFor());
    const name = `target/shots/${size}-${colorScheme}.png`;
    await page.screenshot({ path: fileURLToPath(new URL(name, root)) });
    console.log(name, page.complaints.join("; "));
    if (size === "wide" && colorScheme === "light") {
      await toTheBreak(page);
      await page.screenshot({ path: fileURLToPath(new URL("docs/screenshot.png", root)) });
    }
    await page.context().close();
  }
}
await browser.close();
await server.close();

/** Where the lesson makes its point: the rule is broken, and the table shows why. */
async function toTheBreak(page) {
  await pause(page);
  await openTab(page, "Invariants");
  await page.getByRole("button", { name: /^Go to where it breaks at/ }).first().click();
  await node(page, "shop_db").click();
  await openTab(page, "Data");
  await page.getByRole("region", { name: "Rows of stock" }).getByRole("row").nth(3).waitFor();
}
