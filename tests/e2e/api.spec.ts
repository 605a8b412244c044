// The SDK's own rules, in a browser: life cycle, packaging, events with figures, and the page's security policy.
import type { TRTCStatistics } from 'ferry-rtc';
import { expect, test } from './support/fixtures';
import { picturesDecoded, picturesSent, stretchOf } from './support/statistics';

/** How often STATISTICS come. */
const REPORT_MS = 2000;

test('enters once at a time', async ({ newUser }) => {
  const anna = await newUser('anna');
  expect(await anna.enter()).toBeNull();
  expect(await anna.enter()).toMatchObject({ code: 5100, extraCode: 5104 });
});

test('leaving without having entered is no error', async ({ newUser }) => {
  const anna = await newUser('anna');
  await anna.page.evaluate(() => window.call.create());
  expect(await anna.run('exitRoom')).toBeNull();
});

test('leaving while entering ends the entering', async ({ newUser }) => {
  const anna = await newUser('anna');
  const error = await anna.page.evaluate(async () => {
    window.call.create();
    const response = await fetch('/demo/usersig?userId=anna');
    const params = { ...(await response.json()), userId: 'anna', roomId: 1 };
    const entering = window.call.run('enterRoom', params);
    await window.call.run('exitRoom');
    return entering;
  });
  expect(error).toMatchObject({ name: 'OPERATION_ABORT', code: 5998 });
  expect(await anna.enter()).toBeNull();
});

test('is not destroyed in a room, and not used after it', async ({ newUser }) => {
  const anna = await newUser('anna');
  expect(await anna.enter()).toBeNull();
  expect(await anna.run('destroy')).toMatchObject({ name: 'OPERATION_FAILED', code: 5500 });
  expect(await anna.run('exitRoom')).toBeNull();
  expect(await anna.run('destroy')).toBeNull();
  expect(await anna.run('destroy')).toBeNull();
  expect(await anna.enter()).toMatchObject({ name: 'INVALID_OPERATION', code: 5100 });
});

test('says what is wrong with its parameters', async ({ newUser }) => {
  const anna = await newUser('anna');
  for (const [params, extraCode] of [
    [{ roomId: 0 }, 5015],
    [{ roomId: '5' }, 5016],
    [{ roomId: 4294967295 }, 5013],
    [{ strRoomId: 'zu früh' }, 5012],
    [{ roomId: 1, scene: 'party' }, 5005],
  ] as const) {
    const error = await anna.enter(params);
    expect(error, JSON.stringify(params)).toMatchObject({ code: 5000, extraCode });
  }
  expect(await anna.enter()).toBeNull();
  const remote = { userId: 'nobody', streamType: 'main' };
  expect(await anna.run('startRemoteVideo', remote)).toMatchObject({ code: 5100, extraCode: 5102 });
});

test('uses the camera and microphone of the machine', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  expect(await anna.enter()).toBeNull();
  expect(await bob.enter()).toBeNull();
  expect(await anna.run('startLocalVideo', {})).toBeNull();
  expect(await anna.run('startLocalAudio', {})).toBeNull();
  const first = await bob.waitForEvent({ event: 'first-video-frame', userId: 'anna' });
  expect(first).toMatchObject({ streamType: 'main', width: 640, height: 480 });
  const devices = await anna.page.evaluate(async () => {
    const lists = await Promise.all([
      window.TRTC.getCameraList(),
      window.TRTC.getMicrophoneList(),
      window.TRTC.getSpeakerList(),
    ]);
    return lists.map((list) => list.map(({ kind }) => kind)[0]);
  });
  expect(devices).toEqual(['videoinput', 'audioinput', 'audiooutput']);
});

test('tells how loud everybody is', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join({ roomId: 1 }, { video: false });
  await bob.join({ roomId: 1 }, { video: false });
  await bob.hears(anna);
  await bob.page.evaluate(() => window.call.trtc.enableAudioVolumeEvaluation(100));
  interface Volume {
    userId: string;
    volume: number;
  }
  const volumes = async (userId: string) =>
    (await bob.events())
      .filter(({ event }) => event === 'audio-volume')
      .flatMap(({ result }) => result as Volume[])
      .filter((entry) => entry.userId === userId)
      .map(({ volume }) => volume);
  for (const userId of ['', 'anna']) {
    await expect
      .poll(async () => Math.max(0, ...(await volumes(userId))), {
        message: `a loud moment of "${userId}"`,
      })
      .toBeGreaterThan(10);
    expect(Math.max(...(await volumes(userId)))).toBeLessThanOrEqual(100);
  }
  await bob.page.evaluate(() => window.call.trtc.enableAudioVolumeEvaluation(0));
});

test('gives statistics of each stream', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna, { count: 90 });
  await bob.hears(anna);
  const sinceMs = await bob.now();
  const first = await bob.waitForEvent({ event: 'statistics' }, sinceMs);
  const second = await bob.waitForEvent({ event: 'statistics' }, first.atMs + 1);
  expect(second.atMs - first.atMs, 'every two seconds').toBeLessThan(5 * REPORT_MS);
  const video = {
    width: 640,
    height: 360,
    frameRate: expect.any(Number),
    bitrate: expect.any(Number),
    videoType: 'big',
  };
  expect(second).toMatchObject({
    rtt: expect.any(Number),
    upLoss: expect.any(Number),
    downLoss: expect.any(Number),
    localStatistics: { audio: { bitrate: expect.any(Number) }, video: [video] },
    remoteStatistics: [
      {
        userId: 'anna',
        audio: { bitrate: expect.any(Number), jitterBufferDelay: expect.any(Number) },
        video: [{ ...video, jitterBufferDelay: expect.any(Number) }],
      },
    ],
  });
  const { localStatistics, remoteStatistics, rtt, upLoss, downLoss, bytesSent, bytesReceived } =
    second as unknown as TRTCStatistics;
  expect(rtt, 'in ms').toBeGreaterThanOrEqual(0);
  expect(rtt).toBeLessThan(10_000);
  for (const loss of [upLoss, downLoss]) {
    expect(loss, 'in per cent').toBeGreaterThanOrEqual(0);
    expect(loss).toBeLessThanOrEqual(100);
  }
  for (const rate of [localStatistics, remoteStatistics[0]].map(
    (each) => each?.video[0]?.frameRate,
  )) {
    expect(rate).toBeGreaterThan(0);
    expect(rate, 'of 30 drawn a second, some late').toBeLessThan(90);
  }
  expect(localStatistics.video[0]?.bitrate).toBeGreaterThan(0);
  expect(remoteStatistics[0]?.audio.bitrate).toBeGreaterThan(0);
  expect(Math.min(bytesSent, bytesReceived)).toBeGreaterThan(10_000);
  const stretch = await stretchOf(anna, 2 * REPORT_MS);
  const sent = await picturesSent(anna, stretch);
  expect(await picturesDecoded(bob, anna, stretch), `of ${sent}`).toBeGreaterThan(sent / 3);
  const quality = await bob.waitForEvent({ event: 'network-quality' }, sinceMs);
  expect(quality.uplinkNetworkQuality).toBeGreaterThanOrEqual(1);
  expect(quality.downlinkNetworkQuality).toBeLessThanOrEqual(6);
});

test('gives the tracks and a snapshot of what plays', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  expect(await bob.enter()).toBeNull();
  await bob.sees(anna);
  await bob.hears(anna);
  const got = await bob.page.evaluate(async () => {
    const { trtc } = window.call;
    const query = { userId: 'anna', streamType: 'main' as const };
    const describe = (track: MediaStreamTrack | null) => track && [track.kind, track.readyState];
    const picture = new Image();
    picture.src = trtc.getVideoSnapshot(query);
    await picture.decode();
    return {
      tracks: [describe(trtc.getVideoTrack(query)), describe(trtc.getAudioTrack('anna'))],
      nobody: [
        trtc.getVideoTrack({ userId: 'nobody' }),
        trtc.getVideoSnapshot({ userId: 'nobody' }),
      ],
      snapshot: [picture.src.slice(0, 22), picture.width, picture.height],
    };
  });
  expect(got).toEqual({
    tracks: [
      ['video', 'live'],
      ['audio', 'live'],
    ],
    nobody: [null, ''],
    snapshot: ['data:image/png;base64,', 640, 360],
  });
});

test('knows that this browser can do it', async ({ newUser }) => {
  const anna = await newUser('anna');
  const { result, detail } = await anna.page.evaluate(() => window.TRTC.isSupported());
  expect(result).toBe(true);
  expect(detail).toMatchObject({
    isBrowserSupported: true,
    isMediaDevicesSupported: true,
    isVp8EncodeSupported: true,
    isVp8DecodeSupported: true,
  });
});

test('works from a script tag beside one that imports it', async ({ newUser }) => {
  const anna = await newUser('anna', 'call_umd.html');
  const bob = await newUser('bob', 'call.html');
  await anna.join();
  await bob.join();
  await anna.sees(bob);
  await bob.sees(anna);
  await anna.hears(bob);
  await bob.hears(anna);
  const versions = [anna, bob].map(({ page }) => page.evaluate(() => window.TRTC.VERSION));
  expect(new Set(await Promise.all(versions)).size).toBe(1);
});

test('two instances live in one page', async ({ newUser }) => {
  const anna = await newUser('anna');
  const entered = await anna.page.evaluate(async () => {
    const enter = async (userId: string) => {
      const trtc = window.TRTC.create();
      const others: string[] = [];
      trtc.on('remote-user-enter', (event) => others.push(event.userId));
      const response = await fetch(`/demo/usersig?userId=${userId}`);
      await trtc.enterRoom({ ...(await response.json()), userId, roomId: 5 });
      return { trtc, others };
    };
    const one = await enter('one');
    const two = await enter('two');
    await new Promise<void>((resolve) => {
      const poll = () =>
        one.others.length && two.others.length ? resolve() : setTimeout(poll, 20);
      poll();
    });
    await Promise.all([one.trtc.exitRoom(), two.trtc.exitRoom()]);
    return [one.others, two.others];
  });
  expect(entered).toEqual([['two'], ['one']]);
});

test('a call needs no more than the strict security policy', async ({ gateway, newUser }) => {
  for (const path of ['/', '/sdk/trtc.esm.js', '/e2e/pages/call.html']) {
    const { status, headers } = await gateway.get(path);
    expect(status).toBe(200);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).toContain("worker-src 'self'");
    expect(policy).not.toMatch(/'unsafe-eval'|script-src[^;]*(unsafe-inline|blob:|data:|\*)/);
  }
  const anna = await newUser('anna');
  const enforced = await anna.page.evaluate(async () => {
    const violated = new Promise<string>((resolve) =>
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
        resolve(effectiveDirective),
      ),
    );
    const script = document.createElement('script');
    script.textContent = 'window.inlineRan = true';
    document.body.append(script);
    return [await violated, 'inlineRan' in window];
  });
  expect(enforced).toEqual(['script-src-elem', false]);
  // The violation was asked for; from here on the page has to be clean.
  anna.complaints.length = 0;
  const bob = await newUser('bob');
  await anna.join();
  await bob.join();
  await anna.sees(bob);
  await anna.hears(bob);
});
