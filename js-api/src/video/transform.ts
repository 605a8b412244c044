/** Mirrors and turns pictures before they are encoded, on a canvas; only used when asked for. */
export class FrameTransform {
  private readonly canvas = new OffscreenCanvas(2, 2);

  apply(source: VideoFrame, mirror: boolean, rotation: number): VideoFrame {
    const { displayWidth: width, displayHeight: height, timestamp } = source;
    const upright = rotation % 180 === 0;
    this.canvas.width = upright ? width : height;
    this.canvas.height = upright ? height : width;
    const context = this.canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('no 2D context to transform video with');
    context.translate(this.canvas.width / 2, this.canvas.height / 2);
    context.rotate((rotation * Math.PI) / 180);
    if (mirror) context.scale(-1, 1);
    context.drawImage(source, -width / 2, -height / 2);
    source.close();
    return new VideoFrame(this.canvas, { timestamp });
  }
}
