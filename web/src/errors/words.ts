// Every error in words: what happened, and what to do now.
import { SignatureError } from '../session/signature';

export interface Words {
  title: string;
  text: string;
  /** What the reader can do from here. */
  remedy: 'retry' | 'reload' | 'settings' | 'none';
  /** For support: codes, as short as they come. */
  detail: string;
}

interface ErrorLike {
  name?: string;
  code?: number;
  extraCode?: number;
  message?: string;
}

type Entry = [title: string, text: string, remedy?: Words['remedy']];

const DEVICE: Record<number, Entry> = {
  5301: [
    'No camera or microphone found',
    'Connect one, or go on without: you can still see and hear the others.',
    'retry',
  ],
  5302: [
    'Camera or microphone is blocked',
    'Allow access by the camera sign in the address bar, or in the system’s privacy settings, then try again.',
    'settings',
  ],
  5303: [
    'The device is in use',
    'Another program holds the camera or microphone. Close that program and try again.',
    'retry',
  ],
  5304: [
    'The device does not fit',
    'It cannot deliver what was asked. Choose another device.',
    'retry',
  ],
  5308: [
    'The camera stopped',
    'It was unplugged or failed. Connect it again, or choose another.',
    'retry',
  ],
  5309: [
    'The microphone stopped',
    'It was unplugged or failed. Connect it again, or choose another.',
    'retry',
  ],
};

const SIGNATURE: Entry = [
  'The gateway does not accept this pass',
  'The signature for your name does not verify. Reload the page to get a new one; if it stays, the gateway’s application key has changed.',
  'reload',
];

const SERVER: Record<number, Entry> = {
  70001: ['Your pass has expired', 'Reload the page to get a new one.', 'reload'],
  70020: ['Unknown application', 'The gateway does not know the sdkAppId of this page.', 'none'],
  [-3317]: ['Unknown application', 'The gateway does not know the sdkAppId of this page.', 'none'],
  [-3318]: ['This room cannot be', 'Choose another name for the room.', 'none'],
  [-3319]: ['This name cannot be', 'Choose another name for yourself.', 'none'],
  20005: ['The room is full', 'Wait until somebody leaves, or choose another room.', 'retry'],
  20006: [
    'The gateway is full',
    'It carries as many calls as it may. Try again in a while.',
    'retry',
  ],
  20009: ['Too fast', 'The gateway got too many messages from this page. Wait a moment.', 'retry'],
  20010: ['This page is of another version', 'The gateway was updated. Reload the page.', 'reload'],
  20011: ['The gateway is going away', 'It is being restarted. Try again in a minute.', 'retry'],
  20012: ['That took too long', 'The connection was too slow to enter. Try again.', 'retry'],
  20020: [
    'This application is full',
    'It has as many calls or people as it may. Try again in a while, or ask whoever runs the service.',
    'retry',
  ],
};

const OPERATION: Record<number, Entry> = {
  5501: [
    'The gateway cannot be reached',
    'Check your network. If others get through, a firewall between here and the gateway may block it.',
    'retry',
  ],
  5502: [
    'The connection is lost',
    'It could not be brought back. Check your network and enter again.',
    'retry',
  ],
  5503: [
    'This page made a mistake',
    'Reload it; if it happens again, tell those who run it.',
    'reload',
  ],
  5505: [
    'Your video cannot be encoded',
    'Turn the camera off and on, or reload the page.',
    'reload',
  ],
  5506: [
    'Your sound cannot be encoded',
    'Turn the microphone off and on, or reload the page.',
    'reload',
  ],
  5507: [
    'A video cannot be decoded',
    'Reload the page; if it stays, this browser is too old.',
    'reload',
  ],
  5508: [
    'Sound cannot be decoded',
    'Reload the page; if it stays, this browser is too old.',
    'reload',
  ],
};

const KINDS: Record<number, Entry> = {
  5000: ['Something does not fit', 'The name or the room has a form that cannot be used.', 'none'],
  5100: ['Not now', 'That does not go with what the call is doing at the moment.', 'none'],
  5200: [
    'This browser cannot do it',
    'Use a current Chrome, Edge, Firefox or Safari, and open the page over https.',
    'none',
  ],
  5300: ['The device does not work', 'Connect it again, or choose another one.', 'retry'],
  5400: ['The gateway refused', 'It did not let you in.', 'retry'],
  5500: [
    'The gateway cannot be reached',
    'Either it is not running or your network does not lead there. Try again in a moment.',
    'retry',
  ],
};

const UNKNOWN: Entry = [
  'Something went wrong',
  'Try again; if it stays, reload the page.',
  'reload',
];

/** Words for an error of the SDK or of this page; null for one that is nobody's concern (a call that was superseded). */
export function wordsFor(error: unknown): Words | null {
  if (error instanceof SignatureError) return signatureWords(error);
  const { code = 0, extraCode, message, name } = (error ?? {}) as ErrorLike;
  if (code === 5998) return null;
  const entry = find(code, extraCode);
  const codes = [code || name, extraCode].filter(Boolean).join(' / ');
  return words(entry, [codes, message].filter(Boolean).join(': '));
}

function find(code: number, extraCode = 0): Entry {
  if (code === 5300) return DEVICE[extraCode] ?? KINDS[5300] ?? UNKNOWN;
  if (code === 5400) {
    if (extraCode > 70001 && extraCode < 70020) return SIGNATURE;
    return SERVER[extraCode] ?? KINDS[5400] ?? UNKNOWN;
  }
  if (code === 5500) return OPERATION[extraCode] ?? KINDS[5500] ?? UNKNOWN;
  if (code === 5200 && extraCode === 5201) {
    return [
      'This page is not secure',
      'Browsers give camera and microphone only to https pages. Open the https address of the gateway.',
      'none',
    ];
  }
  return KINDS[code] ?? UNKNOWN;
}

function signatureWords({ status, message }: SignatureError): Words {
  if (status === 0) return words(KINDS[5500] ?? UNKNOWN, message);
  if (status === 404) {
    return words(
      [
        'The demo is switched off',
        'This gateway hands out no passes: it runs without --demo.',
        'none',
      ],
      message,
    );
  }
  return words(['The gateway gave no pass', 'It refused to sign for this name.', 'retry'], message);
}

function words([title, text, remedy = 'none']: Entry, detail: string): Words {
  return { title, text, remedy, detail };
}

/** Words for the reason of KICKED_OUT. */
export function kickedWords(reason: string): Words {
  const entries: Record<string, Entry> = {
    kick: [
      'You are in this call elsewhere',
      'The same user entered from another page, and a user can be in a room once. Enter again to come back here.',
      'retry',
    ],
    banned: ['You were taken out of the room', 'Whoever runs it has closed it to you.', 'none'],
    room_disband: [
      'The room was closed',
      'Whoever runs it has ended the call for everybody.',
      'none',
    ],
  };
  return words(
    entries[reason] ?? ['You are out of the room', 'The gateway ended your stay.', 'retry'],
    reason,
  );
}
