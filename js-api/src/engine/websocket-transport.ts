import { RpcError } from '../util/rpc';
import { refusalReason } from './refusal-reason';
import type { Transport, TransportListener } from './transport';

const SUBPROTOCOL = 'ferry.v1';
/** From the constructor to the open connection: TCP, TLS and the upgrade. */
export const OPEN_TIMEOUT_MS = 6000;

/** Control as text frames, media as binary frames, in order. */
export class WebSocketTransport implements Transport {
  readonly name = 'websocket';
  readonly packetsDropped = 0;
  listener: TransportListener | undefined;
  bytesSent = 0;
  bytesReceived = 0;
  private socket: WebSocket | undefined;
  private closed = false;

  get bufferedAmount(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  async open(url: string): Promise<void> {
    try {
      await this.attempt(url);
    } catch (error) {
      if (!(error instanceof Refused) || this.closed) throw error;
      const refusal = await refusalReason(url);
      if (!refusal || this.closed) throw error;
      // Once more: the gateway may have begun to answer meanwhile, and then the proxy is not to blame.
      if (refusal.lacksUpgrade) await this.attempt(url, refusal.why);
      else throw new Refused(`${error.message}: ${refusal.why}`);
    }
  }

  private attempt(url: string, why = ''): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, SUBPROTOCOL);
      this.socket = socket;
      socket.binaryType = 'arraybuffer';
      const fail = (error: RpcError) => {
        clearTimeout(timer);
        socket.onclose = null;
        socket.close();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(failure(`${url} did not answer in time`)),
        OPEN_TIMEOUT_MS,
      );
      socket.onclose = ({ code }) =>
        fail(new Refused(`${url} refused the connection (${code})${why && `: ${why}`}`));
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => this.receive(data);
      socket.onopen = () => {
        clearTimeout(timer);
        socket.onclose = ({ code, reason }) => this.listener?.onClose(code, reason);
        resolve();
      };
    });
  }

  sendControl(text: string): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.bytesSent += text.length;
    this.socket.send(text);
  }

  sendMedia(packet: Uint8Array): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.bytesSent += packet.byteLength;
    this.socket.send(packet as Uint8Array<ArrayBuffer>);
  }

  close(code: number, reason: string): void {
    this.closed = true;
    this.socket?.close(code, reason);
  }

  private receive(data: string | ArrayBuffer): void {
    if (typeof data === 'string') {
      this.bytesReceived += data.length;
      this.listener?.onControl(data);
    } else {
      this.bytesReceived += data.byteLength;
      this.listener?.onMedia(new Uint8Array(data));
    }
  }
}

const failure = (message: string): RpcError => new RpcError({ kind: 'network', code: 0, message });

/** Ended before it was open, by the other side or for want of one. */
class Refused extends RpcError {
  constructor(message: string) {
    super({ kind: 'network', code: 0, message });
  }
}
