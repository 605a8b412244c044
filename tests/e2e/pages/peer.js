// One end of a Chromium RTCPeerConnection with the sources and readers of the call page: what the
// call is measured against. The caller of `window.peer` carries the descriptions from one end to the
// other, and provides window.sendCandidate.
import { Station, now, startSources } from './station.js';
import { toneDelays } from '../media/tone_reader.js';

let sources = null;
let peer = null;
let station = null;
let element = null;
let startedMs = 0;
let firstFrameMs = 0;
let limits = null;
const early = [];

window.peer = {
  /** Starts the sources. */
  async prepare(options) {
    sources = await startSources(options);
  },

  async start({ frameRate, bitrate }) {
    startedMs = now();
    firstFrameMs = 0;
    station = new Station();
    peer = new RTCPeerConnection();
    peer.onicecandidate = ({ candidate }) => candidate && window.sendCandidate(candidate.toJSON());
    peer.ontrack = ({ track }) => (track.kind === 'video' ? show(track) : station.listen(track));
    const stream = new MediaStream([sources.video.track, sources.audio.track]);
    for (const track of stream.getTracks()) peer.addTrack(track, stream);
    limits = { maxBitrate: bitrate * 1000, maxFramerate: frameRate };
  },

  async offer() {
    const { codecs } = RTCRtpReceiver.getCapabilities('video');
    const [video] = peer.getTransceivers().filter(({ sender }) => sender.track.kind === 'video');
    video.setCodecPreferences(codecs.filter(({ mimeType }) => /VP8|rtx/i.test(mimeType)));
    await peer.setLocalDescription();
    return peer.localDescription.toJSON();
  },

  async answer(offer) {
    await setRemote(offer);
    await peer.setLocalDescription();
    await this.setLimits();
    return peer.localDescription.toJSON();
  },

  async accept(answer) {
    await setRemote(answer);
    await this.setLimits();
  },

  /** The call's bitrate; and the picture's size is kept, or under load it does another job than the call. */
  async setLimits() {
    for (const sender of peer.getSenders()) {
      if (sender.track?.kind !== 'video') continue;
      const parameters = sender.getParameters();
      if (!parameters.encodings?.length) continue;
      Object.assign(parameters.encodings[0], limits);
      parameters.degradationPreference = 'maintain-resolution';
      await sender.setParameters(parameters);
    }
  },

  /** A candidate that overtakes its description waits for it. */
  async addCandidate(candidate) {
    if (peer?.remoteDescription) await peer.addIceCandidate(candidate);
    else early.push(candidate);
  },

  firstFrameMs: () => firstFrameMs,
  now,

  report(sinceMs) {
    return { ...station.report(sinceMs), firstFrameMs, sentTones: sources.audio.sent.slice() };
  },

  async stop() {
    peer.close();
    await station.stop();
    element?.remove();
    element = null;
  },
};
window.toneDelays = toneDelays;

async function setRemote(description) {
  await peer.setRemoteDescription(description);
  for (const candidate of early.splice(0)) await peer.addIceCandidate(candidate);
}

function show(track) {
  element = document.createElement('video');
  element.autoplay = element.muted = element.playsInline = true;
  element.width = 640;
  element.srcObject = new MediaStream([track]);
  element.requestVideoFrameCallback(() => (firstFrameMs = now() - startedMs));
  document.body.append(element);
  station.watch(element);
}
