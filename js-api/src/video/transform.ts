/** Mirrors and turns pictures before they are encoded, on a canvas; only used when asked for. */
export class FrameTransform {
  private canvas: OffscreenCanvas | undefined;

  apply(source: VideoFrame, mirror: boolean, rotation: number): VideoFrame {
    const { displayWidth: width, displayHeight: height, timestamp } = source;
    const upright = rotation % 180 === 0;
    const canvas = (this.canvas ??= new OffscreenCanvas(2, 2));
    canvas.width = upright ? width : height;
    canvas.height = upright ? height : width;
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('no 2D context to transform video with');
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate((rotation * Math.PI) / 180);
    if (mirror) context.scale(-1, 1);
    context.drawImage(source, -width / 2, -height / 2);
    source.close();
    return new VideoFrame(canvas, { timestamp });
  }
}
