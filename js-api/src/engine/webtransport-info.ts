import { RpcError } from '../util/rpc';

/** Like OPEN_TIMEOUT_MS of a WebSocket, which asks as much of the network. */
const INFO_TIMEOUT_MS = 4000;

/** What the gateway says of its WebTransport endpoint, docs/protocol.md §1. */
export interface WebTransportInfo {
  url: string;
  /** Of the present and the next self-signed certificate; empty with a public one. */
  hashes: WebTransportHash[];
}

/**
 * Asks `GET …/webtransport` beside the endpoint, once per gateway: the answer is kept until forget(), since
 * certificates change seldom and a failed connection is the sign that one did.
 */
export class WebTransportInfoSource {
  private url = '';
  private info: Promise<WebTransportInfo> | undefined;

  /** `url` is the WebSocket's. */
  get(url: string): Promise<WebTransportInfo> {
    if (url !== this.url) this.forget();
    this.url = url;
    this.info ??= request(url).catch((error: unknown) => {
      this.forget();
      throw error;
    });
    return this.info;
  }

  forget(): void {
    this.info = undefined;
  }
}

async function request(url: string): Promise<WebTransportInfo> {
  const address = `${url.replace(/^ws/, 'http')}/webtransport`;
  const response = await fetch(address, { signal: AbortSignal.timeout(INFO_TIMEOUT_MS) }).catch(
    (error: unknown) => {
      throw failure(`${address} cannot be had: ${String(error)}`);
    },
  );
  if (!response.ok)
    throw failure(`${address} says ${response.status}: the gateway has no WebTransport`);
  const { path, certificateHashes = [] } = (await response.json()) as {
    path?: string;
    certificateHashes?: { algorithm: string; value: string }[];
  };
  return {
    url: path ? new URL(path, address).href : address.replace(/\/webtransport$/, ''),
    hashes: certificateHashes.map(({ algorithm, value }) => ({
      algorithm,
      value: Uint8Array.from(atob(value), (c) => c.charCodeAt(0)),
    })),
  };
}

const failure = (message: string): RpcError => new RpcError({ kind: 'network', code: 0, message });
