import { ERROR_CODE } from '../constants/error-code';

export type ErrorName = keyof typeof ERROR_CODE;

export interface RtcErrorInit {
  name: ErrorName;
  extraCode?: number;
  functionName?: string;
  message: string;
  handler?: () => void;
  data?: unknown;
  originError?: unknown;
}

/** Every error the SDK raises or emits. */
export class RtcError extends Error {
  override readonly name: ErrorName;
  readonly code: number;
  readonly extraCode?: number;
  readonly functionName: string;
  readonly handler?: () => void;
  readonly data?: unknown;
  readonly originError?: unknown;

  constructor(init: RtcErrorInit) {
    super(init.message);
    this.name = init.name;
    this.code = ERROR_CODE[init.name];
    this.functionName = init.functionName ?? '';
    if (init.extraCode !== undefined) this.extraCode = init.extraCode;
    if (init.handler) this.handler = init.handler;
    if (init.data !== undefined) this.data = init.data;
    if (init.originError !== undefined) this.originError = init.originError;
  }
}

/** `OPERATION_ABORT`: a call that another call superseded or cancelled. */
export function abortError(functionName: string, reason: string): RtcError {
  return new RtcError({
    name: 'OPERATION_ABORT',
    functionName,
    message: `${functionName} abort: ${reason}`,
  });
}

export function invalidOperation(
  functionName: string,
  message: string,
  extraCode?: number,
): RtcError {
  return new RtcError({
    name: 'INVALID_OPERATION',
    functionName,
    message: `${functionName}: ${message}`,
    ...(extraCode !== undefined && { extraCode }),
  });
}

/** Wraps what was thrown by something else; an RtcError stays itself. */
export function toRtcError(error: unknown, functionName: string): RtcError {
  if (error instanceof RtcError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RtcError({
    name: 'UNKNOWN_ERROR',
    functionName,
    message: `${functionName}: ${message}`,
    originError: error,
  });
}
