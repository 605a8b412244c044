export { TRTC } from './trtc';
export { LOG_LEVEL } from './util/logger';
export { audioProfileMap, videoProfileMap } from './constants/profiles';
export { RtcError } from './errors/rtc-error';
