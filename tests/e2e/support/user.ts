// One user of a call, in a page of its own; drives window.call of pages/caller.js.
import { expect, type Page } from '@playwright/test';
import type TRTC from 'ferry-rtc';
import { median } from './numbers.mjs';
import { picturesSent, stretchOf } from './statistics';

export interface CallEvent {
  event: string;
  atMs: number;
  userId?: string;
  streamType?: string;
  [member: string]: unknown;
}

export interface Failure {
  name: string;
  code: number;
  extraCode?: number;
  message: string;
}

export interface Frame {
  source: number;
  frame: number;
  sentMs: number;
  gotMs: number;
  width: number;
  height: number;
}

export interface Report {
  nowMs: number;
  frames: Frame[];
  fps: number;
  pictures: number;
  failures: number;
  luma: number;
  heard: { index: number; gotMs: number }[];
  level: number;
  strange: number;
}

interface Caller {
  trtc: TRTC;
  events: CallEvent[];
  now(): number;
  create(options?: object): boolean;
  enter(params: object): Promise<Failure | null>;
  prepare(options: object): Promise<void>;
  publish(options?: object): Promise<Failure | null>;
  run(method: string, ...args: unknown[]): Promise<Failure | null>;
  watch(stream: object): Promise<void>;
  report(userId: string, sinceMs?: number): Report;
  count(userId: string, sinceMs: number): { pictures: number; sources: number[]; bursts: number };
  firstFrameMs(userId: string): number;
  sentTones(): { index: number; sentMs: number }[];
}

declare global {
  interface Window {
    TRTC: typeof TRTC;
    call: Caller;
    toneDelays(
      sent: { index: number; sentMs: number }[],
      heard: { index: number; gotMs: number }[],
    ): (number | null)[];
  }
}

/** The numbers of the frames never go back. One may come twice: a canvas is captured as it is when its turn comes. */
export function expectInOrder(frames: Frame[]): void {
  const numbers = frames.map(({ frame }) => frame);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
}

/**
 * Of the pictures that were sent, so many must be shown. A page passes over those that the next one has overtaken: with one
 * busy loop beside hardly any, with twenty threads waiting for two cores one of two.
 */
const SHOWN = 1 / 3;
/** Of those that are shown, so many may be unreadable. */
const UNREADABLE = 1 / 20;

/** Pictures flow, and nearly all that were sent can be read. Holds on any machine: one that is slow sends fewer. */
export function expectPicturesFlow({ shown, sent, failures }: Measured): void {
  expect(sent, 'pictures that the encoder sent').toBeGreaterThan(5);
  expect(shown, `pictures shown of ${sent}`).toBeGreaterThanOrEqual(SHOWN * sent);
  expect(failures, 'pictures that could not be read').toBeLessThanOrEqual(2 + UNREADABLE * shown);
}

/** Bursts are heard, at least half of them: the browsers' own audio threads cut some where others have the machine. */
export function expectHeard({ audioDelays }: Measured): void {
  expect(audioDelays.length, 'bursts that were sent').toBeGreaterThan(0);
  const heard = audioDelays.filter((delay) => delay !== null);
  expect(heard.length, `bursts heard of ${audioDelays.length}`).toBeGreaterThanOrEqual(
    audioDelays.length / 2,
  );
}

/**
 * No stretch without picture or sound is longer, whatever changes in mid call: far below the 8 s after which a silent
 * connection is given up, and room for a machine that has no time for browsers meanwhile.
 */
export const MAX_GAP_MS = 3000;

/** Both unless told otherwise; `small` as startLocalVideo takes it. */
interface Published {
  audio?: boolean;
  video?: boolean;
  small?: object;
}

/** What everybody sends. */
export const PICTURE = { width: 640, height: 360, frameRate: 30 };
const PROFILE = { ...PICTURE, bitrate: 1000 };
/** Longest wait for something that takes one round trip on this machine. */
export const SOON_MS = 15_000;

/** What is sent may still be heard so much later. */
const LISTEN_MS = 3000;
/** For pictures and bursts to gather, on a machine that has little time for them. */
const PATIENCE_MS = 40_000;

/** The browser and the SDK write of connections that fail, where a gateway is gone. */
export function forgiveNetwork(user: User): void {
  const network =
    /ERR_CONNECTION_|Failed to establish a connection to|WebSocket connection to|\[ferry\]|\/sdk\//;
  const kept = user.complaints.filter((text) => !network.test(text));
  user.complaints.splice(0, Infinity, ...kept);
}

/** What `measure` gives. */
export type Measured = Awaited<ReturnType<User['measure']>>;

export class User {
  /** Console errors and uncaught exceptions of the page. */
  readonly complaints: string[] = [];

  constructor(
    readonly page: Page,
    readonly userId: string,
    /** The number in this user's barcodes. */
    readonly source: number,
  ) {
    page.on('pageerror', (error) =>
      this.complaints.push(`${userId}: uncaught ${error.name}: ${error.message} ${error.stack}`),
    );
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      this.complaints.push(`${userId}: ${message.text()} (${message.location().url})`);
    });
  }

  /** Enters a room; gives the error. */
  enter(params: object = { roomId: 1 }): Promise<Failure | null> {
    return this.page.evaluate((all) => window.call.enter(all), { userId: this.userId, ...params });
  }

  async publish(kinds: Published = {}): Promise<void> {
    const sources = { ...PICTURE, source: this.source, audio: true, video: true, ...kinds };
    await this.page.evaluate((options) => window.call.prepare(options), sources);
    const options = { ...kinds, profile: PROFILE };
    expect(await this.page.evaluate((all) => window.call.publish(all), options)).toBeNull();
  }

  /** Enters and publishes. */
  async join(params: object = { roomId: 1 }, kinds: Published = {}) {
    expect(await this.enter(params)).toBeNull();
    await this.publish(kinds);
  }

  /** Calls a method of the SDK; gives the error. */
  run(method: keyof TRTC, ...args: unknown[]): Promise<Failure | null> {
    return this.page.evaluate(
      ([name, list]) => window.call.run(name as string, ...(list as unknown[])),
      [method, args] as const,
    );
  }

  now(): Promise<number> {
    return this.page.evaluate(() => window.call.now());
  }

  events(sinceMs = 0): Promise<CallEvent[]> {
    return this.page.evaluate(
      (since) => window.call.events.filter(({ atMs }) => atMs >= since),
      sinceMs,
    );
  }

  /** Waits for an event with these members, and gives it. */
  async waitForEvent(
    wanted: Partial<CallEvent>,
    sinceMs = 0,
    timeout = SOON_MS,
  ): Promise<CallEvent> {
    let found: CallEvent | undefined;
    await expect
      .poll(
        async () => {
          const events = await this.events(sinceMs);
          found = events.find((event) => Object.entries(wanted).every(([k, v]) => event[k] === v));
          return found ? 'it came' : events.map(({ event }) => event).join(' ');
        },
        { message: `${this.userId} gets ${JSON.stringify(wanted)}`, timeout },
      )
      .toBe('it came');
    return found as CallEvent;
  }

  report(of: User, sinceMs = 0): Promise<Report> {
    return this.page.evaluate(([userId, since]) => window.call.report(userId, since), [
      of.userId,
      sinceMs,
    ] as const);
  }

  /** Waits until `count` pictures of another user have been read since then. */
  async sees(other: User, { sinceMs = 0, count = 5, timeout = PATIENCE_MS } = {}): Promise<void> {
    const message = `${this.userId} sees ${other.userId}`;
    await expect
      .poll(async () => (await this.count(other, sinceMs)).pictures, { message, timeout })
      .toBeGreaterThanOrEqual(count);
    expect((await this.count(other, sinceMs)).sources, message).toEqual([other.source]);
  }

  /** Waits until bursts of another user have been heard since then. */
  async hears(other: User, { sinceMs = 0, count = 2, timeout = PATIENCE_MS } = {}): Promise<void> {
    const message = `${this.userId} hears ${other.userId}`;
    await expect
      .poll(async () => (await this.count(other, sinceMs)).bursts, { message, timeout })
      .toBeGreaterThanOrEqual(count);
  }

  private count(of: User, sinceMs: number) {
    return this.page.evaluate(([userId, since]) => window.call.count(userId, since), [
      of.userId,
      sinceMs,
    ] as const);
  }

  /** What came of another user of what was sent in the next `milliseconds`, and some more: whole reports of statistics. */
  async measure(other: User, milliseconds: number) {
    const asked = await this.report(other, await this.now());
    const stretch = await stretchOf(other, milliseconds);
    const { sinceMs, untilMs } = stretch;
    // Of these all must be heard: what was sent earlier or later may be heard outside the stretch.
    const tones = (await other.page.evaluate(() => window.call.sentTones())).filter(
      ({ sentMs }) => sentMs >= sinceMs && sentMs < untilMs,
    );
    const audioDelays = await this.delaysOf(tones, other, sinceMs);
    const report = await this.report(other, sinceMs);
    const frames = report.frames.filter(({ sentMs }) => sentMs >= sinceMs && sentMs < untilMs);
    return {
      frames,
      /** Pictures of the stretch: different ones shown, and those that the encoder sent. */
      shown: new Set(frames.map(({ frame }) => frame)).size,
      sent: await picturesSent(other, stretch),
      /** Pictures that came, with and without a barcode, and those without one; from the call of this. */
      pictures: report.pictures - asked.pictures,
      failures: report.failures - asked.failures,
      /** Of each burst sent, null where it was not heard. */
      audioDelays,
      videoDelay: median(frames.map(({ gotMs, sentMs }) => gotMs - sentMs)),
      audioDelay: median(audioDelays.filter((delay) => delay !== null)),
    };
  }

  /** How late each of the bursts is heard, null of those that are not. */
  private async delaysOf(sent: { index: number; sentMs: number }[], of: User, sinceMs: number) {
    const deadlineMs = (await this.now()) + LISTEN_MS;
    for (;;) {
      const { heard, nowMs } = await this.report(of, sinceMs);
      const delays = await this.page.evaluate(([s, h]) => window.toneDelays(s, h), [
        sent,
        heard,
      ] as const);
      if (nowMs > deadlineMs || !delays.includes(null)) return delays;
      await this.waitUntil(nowMs + 100);
    }
  }

  private async waitUntil(timeMs: number): Promise<void> {
    await this.page.waitForFunction((until) => window.call.now() >= until, timeMs, {
      timeout: timeMs - (await this.now()) + SOON_MS,
    });
  }
}
