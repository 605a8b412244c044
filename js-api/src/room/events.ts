import type { TRTCEventTypes as Public } from '../../types/index';
import type { RtcError } from '../errors/rtc-error';

/** The public events, with our own RtcError in place of its declaration. */
export type ClientEvents = Omit<Public, 'error' | 'publish-state-changed'> & {
  error: [error: RtcError];
  'publish-state-changed': [
    event: Omit<Public['publish-state-changed'][0], 'error'> & { error?: RtcError },
  ];
};
