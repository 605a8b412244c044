// The script for <script src> and require(): one global, TRTC, with the other exports as its members.
import * as exported from './exports';
import { setScriptUrl } from './util/assets';

const script = typeof document === 'undefined' ? null : document.currentScript;
if (script && 'src' in script) setScriptUrl(script.src);

const { TRTC, LOG_LEVEL, audioProfileMap, videoProfileMap, RtcError } = exported;
export default Object.assign(TRTC, {
  default: TRTC,
  TRTC,
  LOG_LEVEL,
  audioProfileMap,
  videoProfileMap,
  RtcError,
});
