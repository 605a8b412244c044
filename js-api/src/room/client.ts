import type { TRTCOptions } from '../../types/index';
import { EVENT } from '../constants/event';
import { EXTRA } from '../constants/error-code';
import { DeviceWatcher } from '../devices/device-watcher';
import { RtcError } from '../errors/rtc-error';
import { Emitter } from '../util/emitter';
import { logger } from '../util/logger';
import type { ClientEvents } from './events';

const log = logger('events');

/** What all parts of one instance share. */
export class ClientContext {
  readonly emitter: Emitter<ClientEvents>;
  readonly devices: DeviceWatcher;
  readonly assetsPath: string | undefined;
  enableAutoPlayDialog: boolean;

  constructor(options: TRTCOptions) {
    this.assetsPath = options.assetsPath;
    this.enableAutoPlayDialog = options.enableAutoPlayDialog ?? true;
    this.emitter = new Emitter((event, cause) => this.handlerThrew(event, cause));
    this.devices = new DeviceWatcher((change) => this.emitter.emit(EVENT.DEVICE_CHANGED, change));
  }

  /** An unrecoverable failure that no pending call can report. */
  fail(error: RtcError): void {
    log.warn(error.message);
    this.emitter.emit(EVENT.ERROR, error);
  }

  private handlerThrew(event: keyof ClientEvents, cause: unknown): void {
    log.warn(`a handler of '${event}' threw`, cause);
    // A broken ERROR handler must not be told of itself for ever.
    if (event === EVENT.ERROR) return;
    this.emitter.emit(
      EVENT.ERROR,
      new RtcError({
        name: 'OPERATION_FAILED',
        extraCode: EXTRA.HANDLER_THREW,
        message: `a handler of '${event}' threw: ${String(cause)}`,
        originError: cause,
      }),
    );
  }
}
