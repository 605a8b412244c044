import { RtcError } from '../errors/rtc-error';

let scriptUrl = '';

/** Called by the entry points, which alone know where they were loaded from. */
export function setScriptUrl(url: string | undefined): void {
  scriptUrl = url ?? '';
}

/** URL of a worker, worklet or wasm file: beside the script, or under `assetsPath`. */
export function assetUrl(path: string, assetsPath?: string): string {
  const base = assetsPath
    ? new URL(assetsPath.endsWith('/') ? assetsPath : `${assetsPath}/`, location.href).href
    : scriptUrl || location.href;
  return new URL(path, base).href;
}

/** Where a gateway has its endpoint, under whatever path it is shown. */
const ENDPOINT = 'rtc/v1';

/**
 * The gateway's endpoint. Of an address that ends with a slash, or has no path, the one under it; another path is the
 * endpoint itself. Without an address, that of the gateway that served the script as `…/sdk/trtc.js`, else of the origin.
 */
export function gatewayUrl(address?: string): string {
  const base = new URL(scriptUrl || location.href, location.href);
  let url: URL;
  try {
    url = address ? new URL(/^[a-z]+:\/\//i.test(address) ? address : `wss://${address}`) : base;
  } catch (cause) {
    throw new RtcError({
      name: 'INVALID_PARAMETER',
      functionName: 'enterRoom',
      message: `enterRoom: 'proxy' is no address of a gateway, got '${address}'`,
      originError: cause,
    });
  }
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const path = address ? url.pathname : (/^.*\/(?=sdk\/[^/]*$)/.exec(url.pathname)?.[0] ?? '/');
  const endpoint = path.endsWith('/') ? path + ENDPOINT : path;
  return `${secure ? 'wss' : 'ws'}://${url.host}${endpoint}`;
}
