// How the tests see the page: by role and name, as a person does. What several tests need stands here, so that a
// change of the page is one change here.
import assert from "node:assert/strict";

/** Waits until the page has come up and its worker has run the scenario to the end. Gives what the dock says of it. */
export async function ready(page) {
  const outcome = run(page).getByText(/ events in /);
  await outcome.waitFor();
  return outcome.textContent();
}

/** The dock with timeline and log. */
export const run = (page) => page.getByRole("region", { name: "Run", exact: true });

/** The trace hash of the run that is shown. */
export const traceHash = (page) => run(page).getByTitle("Trace hash").textContent();

/** A node of the diagram. */
export const node = (page, name) => page.getByRole("button", { name: new RegExp(`^${name}, `) });

/** The virtual clock, in milliseconds. */
export async function clock(page) {
  const text = await page.locator(".clock-time").textContent();
  const [minutes, seconds] = text.split(":").map(Number);
  return minutes * 60_000 + seconds * 1000;
}

/** Waits until the virtual clock shows something else. */
export function clockMoves(page) {
  return page.evaluate(() => {
    const clock = document.querySelector(".clock-time");
    const before = clock.textContent;
    return new Promise((moved) => {
      const look = () => (clock.textContent === before ? requestAnimationFrame(look) : moved());
      look();
    });
  });
}

/** Stops the playhead, if it moves. */
export async function pause(page) {
  const button = page.getByRole("button", { name: "Pause, K" });
  if (await button.count()) {
    await button.click();
  }
  await page.getByRole("button", { name: "Play, K" }).waitFor();
}

/** Opens a tab by its name. */
export const openTab = (page, name) => page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();

/** The text of the scenario, from the source panel. */
export async function source(page) {
  await openTab(page, "Source");
  return page.getByRole("textbox", { name: /source|scenario/i }).inputValue();
}

/** Waits until the source satisfies a condition, and gives it. */
export async function sourceWhere(page, holds) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const text = await source(page);
    if (holds(text)) {
      return text;
    }
    assert.ok(Date.now() < deadline, "the source did not change as expected");
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
