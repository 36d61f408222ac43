// How the tests see the page: by role and name, as a person does. What several tests need stands here, so that a
// change of the page is one change here.

/** Waits until the page has come up and its worker has answered. */
export async function ready(page) {
  await page.getByRole("status").filter({ hasText: "worker is ready" }).waitFor();
}
