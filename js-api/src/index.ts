// The ES module.
import { setScriptUrl } from './util/assets';
import { TRTC } from './trtc';

setScriptUrl(import.meta.url);

export * from './exports';
export default TRTC;
