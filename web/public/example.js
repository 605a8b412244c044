/* global TRTC */
// The smallest page that makes a call, as a customer would write it with a script tag.
const userId = `guest-${Math.floor(Math.random() * 1e6)}`;
const videos = document.getElementById('videos');
const newView = () => videos.appendChild(document.createElement('div'));

async function main() {
  const trtc = TRTC.create();
  trtc.on(TRTC.EVENT.REMOTE_VIDEO_AVAILABLE, ({ userId, streamType }) =>
    trtc.startRemoteVideo({ userId, streamType, view: newView() }),
  );
  // A product signs on its own server; this asks the gateway, which answers when it runs with --demo.
  const { sdkAppId, userSig } = await (await fetch(`./demo/usersig?userId=${userId}`)).json();
  await trtc.enterRoom({ sdkAppId, userId, userSig, roomId: 8888 });
  await trtc.startLocalVideo({ view: newView() });
  await trtc.startLocalAudio();
}

main().catch((error) => {
  document.getElementById('message').textContent = `${error.name}: ${error.message}`;
});
