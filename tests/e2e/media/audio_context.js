// Starting an AudioContext, with an end.

/** A device that has to be opened first takes some of it, on a busy machine more. */
const START_MS = 10_000;

/** Resolves when the context runs. Without a sound device, or without leave, it would wait for ever. */
export async function running(context) {
  let timer;
  const late = new Promise((_, reject) => {
    const why = () => new Error(`the AudioContext is still ${context.state} after ${START_MS} ms`);
    timer = setTimeout(() => reject(why()), START_MS);
  });
  await Promise.race([context.resume(), late]);
  clearTimeout(timer);
}
