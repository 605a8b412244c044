import { RpcError } from '../util/rpc';
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

  get bufferedAmount(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  open(url: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, SUBPROTOCOL);
      this.socket = socket;
      socket.binaryType = 'arraybuffer';
      const fail = (why: string) => {
        clearTimeout(timer);
        socket.onclose = null;
        socket.close();
        reject(new RpcError({ kind: 'network', code: 0, message: `${url} ${why}` }));
      };
      const timer = setTimeout(() => fail('did not answer in time'), OPEN_TIMEOUT_MS);
      socket.onclose = ({ code }) => fail(`refused the connection (${code})`);
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
