/** The newest picture of a track as a PNG data URL, by way of an element that shows it; '' without one. */
export function snapshot(element: HTMLVideoElement | HTMLCanvasElement | undefined): string {
  if (!element) return '';
  const isVideo = element instanceof HTMLVideoElement;
  const width = isVideo ? element.videoWidth : element.width;
  const height = isVideo ? element.videoHeight : element.height;
  if (width === 0 || height === 0) return '';
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  canvas.getContext('2d')?.drawImage(element, 0, 0);
  return canvas.toDataURL('image/png');
}
