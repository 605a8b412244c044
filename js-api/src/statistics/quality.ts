/** NETWORK_QUALITY: 1 excellent to 5 very poor; worst of loss and round trip decides. */
const LIMITS = [
  { loss: 5, rtt: 100 },
  { loss: 10, rtt: 200 },
  { loss: 20, rtt: 350 },
  { loss: 30, rtt: 500 },
];
export const UNKNOWN = 0;
export const DISCONNECTED = 6;

export function networkQuality(lossPercent: number, rttMs: number): number {
  const index = LIMITS.findIndex(({ loss, rtt }) => lossPercent <= loss && rttMs <= rtt);
  return index < 0 ? LIMITS.length + 1 : index + 1;
}
