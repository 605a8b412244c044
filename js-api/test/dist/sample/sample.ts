// Uses each member as an app would; compiled, never run.
import TRTC, {
  LOG_LEVEL,
  RtcError,
  audioProfileMap,
  videoProfileMap,
  type ConnectionState,
  type TRTCStatistics,
} from 'ferry-rtc';

export async function call(userSig: string, view: HTMLElement): Promise<void> {
  const { result, detail } = await TRTC.isSupported();
  if (!result || !detail.isVp8DecodeSupported) return;
  TRTC.setLogLevel(LOG_LEVEL.WARN);
  const cameras: MediaDeviceInfo[] = await TRTC.getCameraList();
  const microphones = await TRTC.getMicrophoneList(false);
  const speakers = await TRTC.getSpeakerList();
  await TRTC.setCurrentSpeaker(speakers[0]?.deviceId ?? 'default');
  const { camera } = await TRTC.getPermissions({ request: false });

  const trtc = TRTC.create({ assetsPath: '/sdk/' });
  trtc
    .on(TRTC.EVENT.ERROR, (error) => console.error(error.code, error.extraCode, error.message))
    .on(TRTC.EVENT.AUTOPLAY_FAILED, ({ userId, resume }) => console.log(userId, resume()))
    .on(TRTC.EVENT.KICKED_OUT, ({ reason }) => console.log(reason === 'kick'))
    .on(TRTC.EVENT.REMOTE_USER_ENTER, ({ userId }) => console.log(userId))
    .on(TRTC.EVENT.REMOTE_USER_EXIT, ({ userId, reason }) => console.log(userId, reason === 0))
    .on(TRTC.EVENT.REMOTE_AUDIO_AVAILABLE, ({ userId }) => trtc.muteRemoteAudio(userId, false))
    .on(TRTC.EVENT.REMOTE_AUDIO_UNAVAILABLE, ({ userId }) => console.log(userId))
    .on(TRTC.EVENT.REMOTE_VIDEO_AVAILABLE, ({ userId, streamType }) => {
      void trtc.startRemoteVideo({ userId, streamType, view: `${userId}_${streamType}` });
    })
    .on(TRTC.EVENT.REMOTE_VIDEO_UNAVAILABLE, (event) => void trtc.stopRemoteVideo(event))
    .on(TRTC.EVENT.AUDIO_VOLUME, ({ result: [first] }) => console.log(first?.floatVolume))
    .on(TRTC.EVENT.NETWORK_QUALITY, (quality) => console.log(quality.uplinkNetworkQuality))
    .on(TRTC.EVENT.CONNECTION_STATE_CHANGED, ({ prevState, state }) => show(prevState, state))
    .on(TRTC.EVENT.AUDIO_PLAY_STATE_CHANGED, ({ state, reason }) => console.log(state, reason))
    .on(TRTC.EVENT.VIDEO_PLAY_STATE_CHANGED, ({ streamType }) => console.log(streamType))
    .on(TRTC.EVENT.DEVICE_CHANGED, ({ type, action, device }) => console.log(type, action, device))
    .on(TRTC.EVENT.PUBLISH_STATE_CHANGED, ({ mediaType, state, error }) =>
      console.log(mediaType, state, error?.code),
    )
    .on(TRTC.EVENT.TRACK, ({ track }) => console.log(track.kind))
    .on(TRTC.EVENT.STATISTICS, tell)
    .once(TRTC.EVENT.FIRST_VIDEO_FRAME, ({ width, height }) => console.log(width, height))
    .on(TRTC.EVENT.VIDEO_SIZE_CHANGED, ({ newWidth }) => console.log(newWidth));

  try {
    await trtc.enterRoom({
      sdkAppId: 1400000123,
      userId: 'anna',
      userSig,
      roomId: 8888,
      scene: TRTC.TYPE.SCENE_RTC,
      role: TRTC.TYPE.ROLE_ANCHOR,
      proxy: { websocketProxy: 'wss://rtc.example.com' },
      playoutDelay: { min: 20, max: 500 },
    });
  } catch (error) {
    if (error instanceof RtcError && error.code === TRTC.ERROR_CODE.SERVER_ERROR) return;
    throw error;
  }
  await trtc.startLocalAudio({
    option: { microphoneId: microphones[0]?.deviceId ?? '', profile: 'high', captureVolume: 150 },
  });
  await trtc.updateLocalAudio({ mute: 'microphone' });
  await trtc.startLocalVideo({
    view,
    option: {
      cameraId: cameras[0]?.deviceId ?? '',
      profile: { ...videoProfileMap['720p'], frameRate: 30 },
      mirror: 'both',
      fillMode: 'contain',
    },
  });
  await trtc.updateLocalVideo({ mute: true, view: [view, 'second'] });
  await trtc.updateRemoteVideo({ userId: 'bob', streamType: 'main', option: { mirror: true } });
  trtc.setRemoteAudioVolume('*', 120);
  trtc.enableAudioVolumeEvaluation(200, true);
  const tracks: (MediaStreamTrack | null)[] = [
    trtc.getAudioTrack(),
    trtc.getAudioTrack('bob'),
    trtc.getVideoTrack({ userId: 'bob', streamType: TRTC.TYPE.STREAM_TYPE_MAIN }),
  ];
  console.log(camera, tracks, trtc.getVideoSnapshot(), audioProfileMap.standard.bitrate);
  console.log(TRTC.VERSION, trtc.listeners(TRTC.EVENT.ERROR).length, trtc.eventNames());
  await trtc.stopRemoteVideo({ userId: '*' });
  await Promise.all([trtc.stopLocalAudio(), trtc.stopLocalVideo()]);
  await trtc.exitRoom();
  trtc.off('*');
  trtc.destroy();
}

function show(before: ConnectionState, after: ConnectionState): void {
  console.log(before, after);
}

function tell({ rtt, remoteStatistics, localStatistics }: TRTCStatistics): void {
  console.log(rtt, localStatistics.video[0]?.frameRate, remoteStatistics[0]?.audio.endToEndDelay);
}

// @ts-expect-error: instances come of create()
export const wrong = new TRTC();
