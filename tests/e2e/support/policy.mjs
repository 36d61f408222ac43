// The content security policy as a header, from the one file where it is written. `xtask/src/policy.rs` reads the
// same file for the meta tag.
import { readFileSync } from "node:fs";

const file = new URL("../../../web/content-security-policy.txt", import.meta.url);

export const policyHeader = readFileSync(file, "utf8")
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line !== "" && !line.startsWith("#"))
  .join("; ");
