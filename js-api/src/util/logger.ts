/** Levels of `TRTC.setLogLevel`. */
export enum LOG_LEVEL {
  TRACE = 0,
  DEBUG = 1,
  INFO = 2,
  WARN = 3,
  ERROR = 4,
  NONE = 5,
}

let threshold: number = LOG_LEVEL.INFO;

export function setLogLevel(level: number): void {
  threshold = level;
}

const METHODS = ['debug', 'debug', 'info', 'warn', 'error'] as const;

function write(level: LOG_LEVEL, subject: string, parts: unknown[]): void {
  if (level < threshold || level === LOG_LEVEL.NONE) return;
  // eslint-disable-next-line no-console -- the console is where the log goes
  console[METHODS[level]](`[ferry] ${subject}:`, ...parts);
}

export interface Logger {
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
}

/**
 * INFO is one line per life-cycle step; WARN is what went wrong and was handled or told the app; ERROR is
 * a fault of the SDK or of how it is installed.
 */
export function logger(subject: string): Logger {
  return {
    debug: (...parts) => write(LOG_LEVEL.DEBUG, subject, parts),
    info: (...parts) => write(LOG_LEVEL.INFO, subject, parts),
    warn: (...parts) => write(LOG_LEVEL.WARN, subject, parts),
    error: (...parts) => write(LOG_LEVEL.ERROR, subject, parts),
  };
}
