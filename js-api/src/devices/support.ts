import type { SupportDetail } from '../../types/index';

/** A function that adds two vectors: the smallest module that only a browser with SIMD accepts. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/** What TRTC.isSupported answers: whether a call works here, and what else does. */
export function detectSupport(): { result: boolean; detail: SupportDetail } {
  const has = (name: string) => name in globalThis;
  const wasm = has('WebAssembly') && WebAssembly.validate(SIMD_PROBE);
  const media = ['Worker', 'WebSocket', 'AudioWorkletNode', 'MessageChannel'].every(has);
  const page = typeof document !== 'undefined';
  const devices = page ? navigator.mediaDevices : undefined;
  const isBrowserSupported = page && wasm && media;
  return {
    result: isBrowserSupported && devices !== undefined,
    detail: {
      isBrowserSupported,
      isWebRTCSupported: isBrowserSupported,
      isWebCodecsSupported: has('VideoEncoder') && has('VideoDecoder'),
      isMediaDevicesSupported: devices !== undefined,
      isScreenShareSupported: typeof devices?.getDisplayMedia === 'function',
      isSmallStreamSupported: isBrowserSupported,
      isH264EncodeSupported: false,
      isH264DecodeSupported: false,
      isVp8EncodeSupported: isBrowserSupported,
      isVp8DecodeSupported: isBrowserSupported,
      isH265EncodeSupported: false,
      isH265DecodeSupported: false,
    },
  };
}
