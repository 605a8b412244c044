// What happens in the room, carried from the SDK's events to the view.
import TRTC from 'ferry-rtc';
import { toast } from './components/toast';
import { wordsFor, type Words } from './errors/words';
import type { Devices } from './media/devices';
import { nameOf } from './session/identity';
import type { CallView } from './views/call';

export interface RoomHandlers {
  /** The view, while in a room. */
  view: () => CallView | null;
  devices: Devices;
  /** Loudness of the own microphone, wherever one is. */
  onOwnVolume: (volume: number) => void;
  onKicked: (reason: string) => void;
  /** The connection is lost for good. */
  onLost: (words: Words) => void;
}

/** An end of the connection that the SDK will not mend. */
const LOST = new Set([5501, 5502]);

export function handleRoomEvents(trtc: TRTC, handlers: RoomHandlers): void {
  handlePeople(trtc, handlers);
  handleVolume(trtc, handlers);
  handleConnection(trtc, handlers);
  handleDevices(trtc, handlers);
}

function handlePeople(trtc: TRTC, { view }: RoomHandlers): void {
  const { EVENT } = TRTC;
  trtc.on(EVENT.REMOTE_USER_ENTER, ({ userId }) => {
    view()?.tile(userId);
  });
  trtc.on(EVENT.REMOTE_USER_EXIT, ({ userId, reason }) => {
    view()?.remove(userId, 'main');
    view()?.remove(userId, 'sub');
    const why = reason === 1 ? 'lost the connection' : 'left';
    if (view()) toast(`${nameOf(userId)} ${why}.`);
  });
  trtc.on(EVENT.REMOTE_AUDIO_AVAILABLE, ({ userId }) => view()?.tile(userId).setAudio(true));
  trtc.on(EVENT.REMOTE_AUDIO_UNAVAILABLE, ({ userId }) => view()?.find(userId)?.setAudio(false));
  const show = async (userId: string, streamType: 'main' | 'sub') => {
    const tile = view()?.tile(userId, streamType);
    if (!tile) return;
    tile.setVideo(true);
    try {
      await trtc.startRemoteVideo({ userId, streamType, view: tile.view });
    } catch (error) {
      tile.setVideo(false);
      const words = wordsFor(error);
      if (words) toast(`${nameOf(userId)}: ${words.title}. ${words.text}`, { kind: 'error' });
    }
  };
  trtc.on(EVENT.REMOTE_VIDEO_AVAILABLE, ({ userId, streamType }) => void show(userId, streamType));
  trtc.on(EVENT.REMOTE_VIDEO_UNAVAILABLE, ({ userId, streamType }) => {
    if (streamType === 'sub') view()?.remove(userId, 'sub');
    else view()?.find(userId)?.setVideo(false);
  });
}

function handleVolume(trtc: TRTC, { view, onOwnVolume }: RoomHandlers): void {
  trtc.on(TRTC.EVENT.AUDIO_VOLUME, ({ result }) => {
    for (const { userId, volume } of result) {
      view()?.find(userId)?.setVolume(volume);
      if (userId === '') onOwnVolume(volume);
    }
  });
  trtc.on(TRTC.EVENT.STATISTICS, (statistics) => view()?.stats.update(statistics));
  trtc.on(TRTC.EVENT.NETWORK_QUALITY, ({ uplinkNetworkQuality, downlinkNetworkQuality }) =>
    view()?.setQuality(Math.max(uplinkNetworkQuality, downlinkNetworkQuality)),
  );
}

function handleConnection(trtc: TRTC, { view, onKicked, onLost }: RoomHandlers): void {
  const { EVENT } = TRTC;
  trtc.on(EVENT.CONNECTION_STATE_CHANGED, ({ prevState, state }) => {
    const lost = prevState === 'CONNECTED' && state !== 'CONNECTED';
    if (lost) view()?.banner('The connection is lost. Trying to bring it back…');
    if (state === 'CONNECTED') view()?.banner('');
  });
  trtc.on(EVENT.KICKED_OUT, ({ reason }) => onKicked(reason));
  trtc.on(EVENT.ERROR, (error) => {
    const words = wordsFor(error);
    if (!words) return;
    if (LOST.has(error.extraCode ?? 0)) onLost(words);
    else toast(`${words.title}. ${words.text}`, { kind: 'error' });
  });
  trtc.on(EVENT.AUTOPLAY_FAILED, ({ userId, resume }) => {
    const whose = userId ? nameOf(userId) : 'the others';
    const action = { label: 'Play', run: () => void resume() };
    toast(`The browser holds back the sound of ${whose}.`, { action, sticky: true });
  });
}

function handleDevices(trtc: TRTC, { devices }: RoomHandlers): void {
  trtc.on(TRTC.EVENT.DEVICE_CHANGED, ({ type, action, device }) => {
    if (action === 'active') {
      devices.setActive(type, device.deviceId);
      return;
    }
    void devices.refresh();
    const what = device.label || `A ${type}`;
    toast(action === 'add' ? `${what} is connected.` : `${what} was unplugged.`);
  });
}
