// The page in light and in dark, as axe sees it.
import { test } from "node:test";
import { assertAccessible } from "./support/accessible.mjs";
import { useRelease } from "./support/browser.mjs";
import { ready } from "./support/page.mjs";

const open = useRelease();

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious in ${colorScheme}`, async (t) => {
    const page = await open(t, { colorScheme });
    await ready(page);
    await assertAccessible(page);
  });
}
