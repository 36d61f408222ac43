// What axe thinks of the page as it is now.
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";

const GRAVE = ["serious", "critical"];

/** Asserts that axe finds nothing serious or critical; the message names each rule and the first elements. */
export async function assertAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations
    .filter((violation) => GRAVE.includes(violation.impact))
    .map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 5).map((node) => node.target.join(" ")).join("\n  ")}`);
  assert.deepEqual(grave, [], "axe finds the page hard to use for some");
}
