// The page opens from the root of a host, with nothing to complain about, and its policy is in force.
import assert from "node:assert/strict";
import { test } from "node:test";
import { useRelease } from "./support/browser.mjs";
import { ready } from "./support/page.mjs";
import { policyHeader } from "./support/policy.mjs";

const open = useRelease();

test("opens, and its worker answers", async (t) => {
  const page = await open(t);
  await ready(page);
});

test("the policy is written as well as sent, and refuses an inline script", async (t) => {
  const page = await open(t);
  const written = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
  assert.ok(policyHeader.startsWith(written), "the header says what the meta tag says, and more");
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.inlineRan = true";
    document.body.append(script);
  });
  assert.equal(await page.evaluate(() => globalThis.inlineRan), undefined);
  const refused = page.complaints.splice(0);
  assert.ok(refused.some((text) => text.includes("script-src")), `the browser tells of it: ${refused}`);
});
