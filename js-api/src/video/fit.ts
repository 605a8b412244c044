/**
 * Size to encode a picture at: within the profile, aspect kept, never enlarged, even numbers, at least the 16 that the encoders take. A profile
 * is meant for the picture's own orientation: an upright phone camera uses it turned.
 */
export function fitSize(
  width: number,
  height: number,
  profile: { width: number; height: number },
): { width: number; height: number } {
  const turned = width > height !== profile.width > profile.height;
  const maxWidth = turned ? profile.height : profile.width;
  const maxHeight = turned ? profile.width : profile.height;
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  const even = (value: number) => Math.max(16, Math.round((value * scale) / 2) * 2);
  return { width: even(width), height: even(height) };
}
