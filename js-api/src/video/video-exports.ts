/** Exports of vp8.wasm and vp9.wasm as wasm/video_module.h declares them; pointers are numbers. */
export interface VideoExports {
  memory: WebAssembly.Memory;
  ferry_alloc(size: number): number;
  ferry_free(pointer: number): void;
  ferry_last_error(): number;
  ferry_encoder_create(
    width: number,
    height: number,
    fps: number,
    bitrateBps: number,
    cpuUsed: number,
    temporalLayers: number,
  ): number;
  ferry_encoder_destroy(encoder: number): void;
  ferry_encoder_configure(
    encoder: number,
    width: number,
    height: number,
    fps: number,
    bitrateBps: number,
    temporalLayers: number,
  ): number;
  ferry_encoder_input(encoder: number, bytes: number): number;
  ferry_encoder_layout_buffer(encoder: number): number;
  ferry_encoder_encode(
    encoder: number,
    format: number,
    width: number,
    height: number,
    layout: number,
    timestampUs: number,
    forceKey: number,
  ): number;
  ferry_encoder_output(encoder: number): number;
  ferry_encoder_is_keyframe(encoder: number): number;
  ferry_encoder_temporal_id(encoder: number): number;
  ferry_decoder_create(): number;
  ferry_decoder_destroy(decoder: number): void;
  ferry_decoder_input(decoder: number, bytes: number): number;
  ferry_decoder_decode(decoder: number, bytes: number): number;
  ferry_decoder_width(decoder: number): number;
  ferry_decoder_height(decoder: number): number;
  ferry_decoder_plane(decoder: number, index: number): number;
  ferry_decoder_stride(decoder: number, index: number): number;
}

/** Pixel formats of ferry_encoder_encode, by the names of WebCodecs. */
export const PIXEL_FORMATS: Record<string, number> = {
  I420: 0,
  I420A: 1,
  NV12: 2,
  RGBA: 3,
  RGBX: 4,
  BGRA: 5,
  BGRX: 6,
};
