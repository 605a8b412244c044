import TRTC from '../../sdk/trtc.esm.js';
import { install } from './caller.js';

install(TRTC);
