// Serves a folder on this machine as a careful host would: with the policy as a header, the right types, nothing
// outside the folder, and no page in place of a missing file.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { policyHeader } from "./policy.mjs";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** The release that `cargo xtask dist` has built. */
export const dist = fileURLToPath(new URL("../../../dist", import.meta.url));

/**
 * Serves `folder` on a free port, or below `base` when the host has other things at its root.
 * Ends with `await server.close()`, or with the process.
 */
export async function serve(folder = dist, { base = "/" } = {}) {
  const server = createServer((request, response) => {
    answer(folder, base, request).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  server.unref();
  return {
    address: `http://127.0.0.1:${server.address().port}${base}`,
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(folder, base, request) {
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const inside = path.startsWith(base) ? path.slice(base.length) : "..";
  const file = normalize(join(folder, inside === "" ? "index.html" : inside));
  const headers = {
    "content-security-policy": policyHeader,
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  };
  const missing = { status: 404, headers, body: "not found" };
  if (!file.startsWith(folder + sep)) {
    return missing;
  }
  try {
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    return { status: 200, headers: { ...headers, "content-type": type }, body: await readFile(file) };
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "EISDIR") {
      return missing;
    }
    throw error;
  }
}
