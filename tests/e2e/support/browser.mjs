// A Chromium of one's own for each test file, and pages that fail their test when the browser complains.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

// The driver of the Wasm tests reads the same flags from there.
const webdriver = JSON.parse(readFileSync(new URL("../../../web/webdriver.json", import.meta.url), "utf8"));

/** A fresh browser, with a profile that is thrown away when it is closed. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.TIDEWIRE_CHROMIUM ?? "/usr/bin/chromium",
    args: webdriver["goog:chromeOptions"].args,
  });
}

/**
 * For a test file: a browser and a server of the release, for as long as its tests run. `base` is the folder of the
 * host that the page is put into. Gives a function `open(t, options)` that opens the page for the test `t`, closes
 * it when the test ends, and fails the test when the browser had something to complain about. `options` are those
 * of Playwright's `newContext`, and `hash`, the address' part behind `#`.
 */
export function useRelease({ base = "/" } = {}) {
  let browser;
  let server;
  before(async () => {
    server = await serve(undefined, { base });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  return async (t, { hash = "", ...options } = {}) => {
    const page = await newPage(browser, options);
    t.after(async () => {
      const complaints = page.complaints;
      await page.context().close();
      assert.deepEqual(complaints, [], "the browser complained");
    });
    await page.goto(server.address + hash);
    return page;
  };
}

/**
 * An empty page in a context of its own. `page.complaints` collects what the browser says went wrong: errors and
 * warnings on the console, uncaught errors, broken policies, files that did not arrive. A test that provokes one
 * takes it out of there.
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.complaints = [];
  const complain = (text) => page.complaints.push(text);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      complain(`console ${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complain(`uncaught: ${error.stack ?? error}`));
  page.on("requestfailed", (request) => {
    // Whoever leaves the page breaks off what it was fetching.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") {
      complain(`not loaded: ${request.url()}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400) {
      complain(`status ${response.status()}: ${response.url()}`);
    }
  });
  await page.exposeBinding("reportPolicyViolation", (_source, text) => complain(`policy: ${text}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      globalThis.reportPolicyViolation(`${event.violatedDirective} refused ${event.blockedURI || event.sample}`);
    });
  });
  return page;
}
