// A microphone that plays the stamped tone.
import { running } from './audio_context.js';

/** Starts it. Returns the track to publish, `sent` ({index, sentMs} of each burst) and `stop()`. */
export async function startToneSource() {
  const context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' });
  await context.audioWorklet.addModule(new URL('tone_source.worklet.js', import.meta.url));
  const source = new AudioWorkletNode(context, 'tone-source', {
    numberOfInputs: 0,
    outputChannelCount: [1],
  });
  const sent = [];
  source.port.onmessage = ({ data }) => sent.push(data);
  const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  source.connect(destination);
  await running(context);
  const [track] = destination.stream.getAudioTracks();
  return {
    track,
    sent,
    async stop() {
      source.port.postMessage('stop');
      track.stop();
      await context.close();
    },
  };
}
