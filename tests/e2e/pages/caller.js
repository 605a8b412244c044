// One user of a call: enters by the SDK, sends barcode and tone, reads everybody else's. The tests drive
// it through window.call.
import { Station, now, startSources } from './station.js';
import { toneDelays } from '../media/tone_reader.js';

/** Puts window.call into the page. */
export function install(TRTC) {
  window.TRTC = TRTC;
  window.toneDelays = toneDelays;
  window.call = new Caller(TRTC);
}

class Caller {
  #TRTC;
  #stations = new Map();
  #sources = null;
  #enteredMs = 0;
  #watching = true;
  trtc = null;
  /** Every event of the instance: {event, atMs, ...what of the payload can be copied}. */
  events = [];

  constructor(TRTC) {
    this.#TRTC = TRTC;
  }

  now = now;

  /** Makes the instance, once. `watch` false: remote video is left to the test. */
  create({ watch = true, ...options } = {}) {
    this.#watching = watch;
    this.trtc = this.#TRTC.create(options);
    const { EVENT } = this.#TRTC;
    for (const event of Object.values(EVENT)) {
      this.trtc.on(event, (payload) => this.events.push({ ...copy(payload), event, atMs: now() }));
    }
    this.trtc.on(EVENT.REMOTE_VIDEO_AVAILABLE, (stream) => this.#watching && this.watch(stream));
    this.trtc.on(EVENT.REMOTE_AUDIO_AVAILABLE, ({ userId }) => this.#listen(userId));
    this.trtc.on(EVENT.TRACK, ({ userId, track }) => {
      if (userId && track.kind === 'audio') this.#station(userId).listen(track);
    });
    return true;
  }

  /** Enters; `userSig` and `sdkAppId` are asked of the demo's endpoint when missing. Gives the error, or null. */
  async enter({ userId, ...params }) {
    if (!this.trtc) this.create();
    let sig = {};
    if (!params.userSig) {
      const response = await fetch(`../../demo/usersig?userId=${encodeURIComponent(userId)}`);
      sig = await response.json();
    }
    this.#enteredMs = now();
    return outcome(this.trtc.enterRoom({ ...sig, userId, ...params }));
  }

  /** Starts the sources without publishing them. */
  async prepare(options) {
    this.#sources ??= await startSources(options);
  }

  /** Publishes the sources; `profile` and `small` as startLocalVideo takes them. */
  async publish({ audio = true, video = true, profile, small } = {}) {
    const { video: camera, audio: microphone } = this.#sources;
    const starts = [];
    if (video) {
      starts.push(
        this.trtc.startLocalVideo({ option: { videoTrack: camera.track, profile, small } }),
      );
    }
    if (audio) {
      starts.push(this.trtc.startLocalAudio({ option: { audioTrack: microphone.track } }));
    }
    return outcome(Promise.all(starts));
  }

  /** Calls a method of the instance; gives the error in parts, or null. */
  async run(method, ...args) {
    return outcome((async () => this.trtc[method](...args))());
  }

  /** Shows a remote stream in an element of its own and reads it. */
  async watch({ userId, streamType }) {
    const view = document.createElement('div');
    view.style.cssText = 'width:640px;height:360px';
    view.dataset.userId = userId;
    document.body.append(view);
    new MutationObserver(() => {
      const video = view.querySelector('video');
      if (video) this.#station(userId).watch(video);
    }).observe(view, { childList: true, subtree: true });
    const error = await outcome(this.trtc.startRemoteVideo({ userId, streamType, view }));
    if (error) this.events.push({ event: 'watch-failed', userId, error, atMs: now() });
    else if (!view.querySelector('video')) this.#watchTrack(userId, streamType, view);
  }

  /** Where the SDK draws a canvas, its track is what can be read. */
  #watchTrack(userId, streamType, view) {
    const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true });
    video.srcObject = new MediaStream([this.trtc.getVideoTrack({ userId, streamType })]);
    view.append(video);
  }

  async #listen(userId) {
    const track = this.trtc.getAudioTrack({ userId });
    if (track) await this.#station(userId).listen(track);
  }

  #station(userId) {
    let station = this.#stations.get(userId);
    if (!station) this.#stations.set(userId, (station = new Station()));
    return station;
  }

  /** What was read of a user since `sinceMs`. */
  report(userId, sinceMs = 0) {
    return this.#station(userId).report(sinceMs);
  }

  /** The same in numbers, which are quickly told: pictures, the sources they named, bursts. */
  count(userId, sinceMs = 0) {
    const { frames, heard } = this.#station(userId).report(sinceMs);
    const sources = [...new Set(frames.map(({ source }) => source))];
    return { pictures: frames.length, sources, bursts: heard.length };
  }

  /** From the call of enterRoom to the first picture of a user that could be read; 0 before it. */
  firstFrameMs(userId) {
    const [first] = this.#station(userId).report(this.#enteredMs).frames;
    return first ? first.gotMs - this.#enteredMs : 0;
  }

  /** Bursts sent so far: {index, sentMs}. */
  sentTones() {
    return this.#sources?.audio?.sent.slice() ?? [];
  }
}

/** null, or what a test can look at of an error. */
async function outcome(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    const { name, code, extraCode, message, functionName } = error;
    return { name, code, extraCode, message, functionName };
  }
}

/** The payload's plain members: tracks, devices and functions do not cross to the test. */
function copy(payload) {
  if (payload instanceof Error) {
    const { name, code, extraCode, message } = payload;
    return { name, code, extraCode, message };
  }
  return JSON.parse(JSON.stringify(payload ?? {}));
}
