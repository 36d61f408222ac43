// The release can be put into any folder of a host: nothing in it is addressed from the root.
import { test } from "node:test";
import { useRelease } from "./support/browser.mjs";
import { ready } from "./support/page.mjs";

const open = useRelease({ base: "/some/folder/" });

test("opens in a folder of a host, and its worker answers", async (t) => {
  const page = await open(t);
  await ready(page);
});
