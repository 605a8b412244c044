import { EXTRA } from '../constants/error-code';
import { RtcError } from '../errors/rtc-error';

export type TypeName =
  'string' | 'number' | 'boolean' | 'object' | 'array' | 'function' | 'null' | 'element' | 'track';

/** What one parameter must be. Checked in the order of the members below, as trtc-sdk-v5 does. */
export interface Rule {
  name: string;
  /** One of these types. */
  type?: TypeName | TypeName[];
  required?: boolean;
  notEmpty?: boolean;
  min?: number;
  max?: number;
  values?: readonly unknown[];
  /** Throws by fail() what no other member can say. */
  custom?(value: unknown, fail: Fail): void;
  properties?: Rule[];
}

export type Fail = (extraCode: number, why: string) => never;

/** Checks one argument; throws INVALID_PARAMETER whose message names it and its value. */
export function validate(functionName: string, rule: Rule, value: unknown, path = rule.name): void {
  const fail: Fail = (extraCode, why) => {
    throw new RtcError({
      name: 'INVALID_PARAMETER',
      extraCode,
      functionName,
      message: `${functionName}: '${path}' ${why}, got ${describe(value)}`,
    });
  };
  if (value === undefined) {
    if (rule.required) fail(EXTRA.REQUIRED, 'is required');
    return;
  }
  const types = rule.type === undefined ? [] : [rule.type].flat();
  if (types.length > 0 && !types.some((type) => isType(type, value)))
    fail(EXTRA.WRONG_TYPE, `must be ${types.join(' or ')}`);
  if (rule.notEmpty && (value === '' || (Array.isArray(value) && value.length === 0)))
    fail(EXTRA.EMPTY, 'must not be empty');
  checkBounds(rule, value, fail);
  if (rule.values && !rule.values.includes(value))
    fail(EXTRA.NOT_ALLOWED_VALUE, `must be one of ${rule.values.map(describe).join(', ')}`);
  rule.custom?.(value, fail);
  if (rule.properties && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const property of rule.properties) {
      const member = (value as Record<string, unknown>)[property.name];
      validate(functionName, property, member, `${path}.${property.name}`);
    }
  }
}

function checkBounds(rule: Rule, value: unknown, fail: Fail): void {
  if (typeof value !== 'number') return;
  if (rule.min !== undefined && value < rule.min) {
    if (rule.min === 0) fail(EXTRA.NEGATIVE, 'must not be negative');
    fail(EXTRA.BELOW_MIN, `must be at least ${rule.min}`);
  }
  if (rule.max !== undefined && value > rule.max)
    fail(EXTRA.ABOVE_MAX, `must be at most ${rule.max}`);
}

function isType(type: TypeName, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'number':
      return typeof value === 'number' && !Number.isNaN(value);
    case 'element':
      return typeof HTMLElement !== 'undefined' && value instanceof HTMLElement;
    case 'track':
      return typeof MediaStreamTrack !== 'undefined' && value instanceof MediaStreamTrack;
    default:
      return typeof value === type;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 80)}'`;
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : (value.constructor?.name ?? 'an object');
  return String(value);
}
