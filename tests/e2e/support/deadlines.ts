// Every question to a browser is answered in time, or fails and says which one was not: Playwright's evaluate() and the
// making and closing of pages would wait for ever.
import type { Browser, Page } from '@playwright/test';

/** Longer than anything that pages wait for themselves (enterRoom fails after 10 s), shorter than a test. */
const ANSWER_MS = 20_000;
/** A browser that has just been started, on a busy machine. */
const OPEN_MS = 45_000;
const CLOSE_MS = 30_000;
/** What is quoted of a function that did not answer. */
const QUOTED = 120;

/** What the promise gives, or an error that says what did not happen within `milliseconds`. */
export async function within<T>(
  milliseconds: number,
  what: string,
  promise: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} did not happen within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A page in a context of its own, whose evaluate() does not wait for ever. `who` names it in errors. */
export async function openPage(browser: Browser, who: string): Promise<Page> {
  const context = await within(
    OPEN_MS,
    `${who}: a new browser context`,
    browser.newContext({ ignoreHTTPSErrors: true }),
  );
  context.setDefaultTimeout(OPEN_MS);
  const page = await within(OPEN_MS, `${who}: a new page`, context.newPage());
  const evaluate = page.evaluate.bind(page) as (run: unknown, argument: unknown) => Promise<never>;
  page.evaluate = ((run: unknown, argument: unknown) => {
    const what = String(run).replace(/\s+/g, ' ').slice(0, QUOTED);
    return within(ANSWER_MS, `${who}: an answer to ${what}`, evaluate(run, argument));
  }) as Page['evaluate'];
  return page;
}

export function closePage(page: Page, who: string): Promise<void> {
  return within(CLOSE_MS, `${who}: closing the browser context`, page.context().close());
}
