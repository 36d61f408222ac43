// The page in light and in dark, as axe sees it: as it opens, while a node is inspected, on a narrow screen.
import { test } from "node:test";
import { assertAccessible } from "./support/accessible.mjs";
import { useRelease } from "./support/browser.mjs";
import { node, openTab, pause, ready } from "./support/page.mjs";

const open = useRelease();

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious in ${colorScheme}`, async (t) => {
    const page = await open(t, { colorScheme });
    await ready(page);
    await pause(page);
    await assertAccessible(page);
    await openTab(page, "Source");
    await node(page, "shop_db").click();
    await openTab(page, "Log");
    await assertAccessible(page);
    await openTab(page, "Node");
    await openTab(page, "Parts");
    await assertAccessible(page);
  });

  test(`axe finds nothing serious on a narrow screen in ${colorScheme}`, async (t) => {
    const page = await open(t, { colorScheme, viewport: { width: 390, height: 844 } });
    await page.getByRole("application").waitFor();
    await assertAccessible(page);
    await openTab(page, "Steps");
    await assertAccessible(page);
  });
}
