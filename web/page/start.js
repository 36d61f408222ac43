// Starts the page. The page hook writes this file into the build as `start-<hash>.js`, with the names that the
// build made in place of the three in capitals.
//
// `tidewireWorkerAddress` is how the page finds its worker: the Rust side reads it and starts a module worker
// there. It is resolved against this file, not against the document, so that it also holds in another's page.
import init from "./TIDEWIRE_BINDINGS";

globalThis.tidewireWorkerAddress = new URL("./TIDEWIRE_WORKER", import.meta.url).href;

await init({ module_or_path: new URL("./TIDEWIRE_WASM", import.meta.url) });
