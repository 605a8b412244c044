// The two kinds of call that are compared. Each resolves when both sides show a picture.
// `reports(sinceMs)` gives for each side what it received since then, audio delays paired.
const FIRST_FRAME_DEADLINE_MS = 20_000;

/** Both pages (call.html) enter a room over a transport; the second finds the first there. */
export async function startFerryCall(pages, picture, transport) {
  const { width, height, frameRate, bitrate } = picture;
  const profile = { width, height, frameRate, bitrate };
  const users = ['bench-a', 'bench-b'];
  const roomId = 1 + Math.floor(Math.random() * 1e6);
  for (const [i, page] of pages.entries()) {
    await page.waitForFunction(() => window.call);
    await page.evaluate((options) => window.call.prepare(options), { ...picture, source: i + 1 });
  }
  for (const [i, page] of pages.entries()) {
    const error = await page.evaluate(
      async ([params, profile]) =>
        (await window.call.enter(params)) ?? (await window.call.publish({ profile })),
      [{ userId: users[i], roomId, scene: 'rtc', transport }, profile],
    );
    if (error) throw new Error(`${users[i]} did not get into the call: ${JSON.stringify(error)}`);
  }
  const firsts = await Promise.all(
    pages.map((page, i) =>
      firstFrame(page, (user) => window.call.firstFrameMs(user), users[1 - i]),
    ),
  );
  return {
    async reports(sinceMs) {
      const reports = await Promise.all(
        pages.map((page, i) =>
          page.evaluate(
            ([user, since]) => window.call.report(user, since),
            [users[1 - i], sinceMs],
          ),
        ),
      );
      const sent = await Promise.all(
        pages.map((page) => page.evaluate(() => window.call.sentTones())),
      );
      // The first side waited for the second to come; only the second's counts.
      return paired(pages, reports, sent, [firsts[1], firsts[1]]);
    },
  };
}

/** Both pages (peer.html) are the ends of one RTCPeerConnection. */
export async function startPeerCall(pages, picture) {
  for (const [i, page] of pages.entries()) {
    await page.exposeFunction('sendCandidate', (candidate) =>
      pages[1 - i].evaluate((c) => window.peer.addCandidate(c), candidate),
    );
    await page.waitForFunction(() => window.peer);
    await page.evaluate((options) => window.peer.prepare(options), { ...picture, source: i + 1 });
  }
  const [a, b] = pages;
  await a.evaluate((options) => window.peer.start(options), picture);
  const offer = await a.evaluate(() => window.peer.offer());
  await b.evaluate((options) => window.peer.start(options), picture);
  const answer = await b.evaluate((o) => window.peer.answer(o), offer);
  await a.evaluate((o) => window.peer.accept(o), answer);
  const firsts = await Promise.all(
    pages.map((page) => firstFrame(page, () => window.peer.firstFrameMs())),
  );
  return {
    async reports(sinceMs) {
      const reports = await Promise.all(
        pages.map((page) => page.evaluate((since) => window.peer.report(since), sinceMs)),
      );
      const sent = reports.map(({ sentTones }) => sentTones);
      return paired(pages, reports, sent, [firsts[1], firsts[1]]);
    },
  };
}

async function firstFrame(page, read, argument) {
  const options = { timeout: FIRST_FRAME_DEADLINE_MS, polling: 20 };
  const handle = await page.waitForFunction(read, argument, options);
  return handle.jsonValue();
}

function paired(pages, reports, sent, firsts) {
  return Promise.all(
    reports.map(async (report, i) => ({
      ...report,
      firstFrameMs: firsts[i],
      audioDelays: (
        await pages[i].evaluate(([s, h]) => window.toneDelays(s, h), [sent[1 - i], report.heard])
      ).filter((delay) => delay !== null),
    })),
  );
}
