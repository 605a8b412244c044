import { install } from './caller.js';

install(window.TRTC);
