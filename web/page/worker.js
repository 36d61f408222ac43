// Starts the worker: the same module as the page, whose `main` finds no window here. The page hook writes this
// file into the build as `worker-<hash>.js`.
//
// A worker receives messages from the moment this file has run, while the module is still loading: they are kept
// and given again, in order, once `main` has set its listener.
import init from "./TIDEWIRE_BINDINGS";

const early = [];
const keep = (event) => {
  event.stopImmediatePropagation();
  early.push(event);
};
addEventListener("message", keep);

try {
  await init({ module_or_path: new URL("./TIDEWIRE_WASM", import.meta.url) });
  removeEventListener("message", keep);
  for (const { data, ports } of early) {
    dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  }
} catch (error) {
  // A rejected promise in a worker stays in the worker; a reported error reaches the page's `onerror`.
  reportError(error);
}
