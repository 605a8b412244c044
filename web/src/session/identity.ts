// Who one is: the name that people see, and the userId that the gateway knows.
//
// A userId has at most 32 bytes of [A-Za-z0-9_-]. It is made of the name and four letters of this tab, so that two
// Annas do not put each other out of the room, and a reload of the tab is the same user.

const TAG_LENGTH = 4;
const MAX_USER_ID = 32;
const MAX_BODY = MAX_USER_ID - TAG_LENGTH - 1;
/** Begins a name that needs more than the plain letters, as base64url of its UTF-8. */
const ENCODED = 'u8-';

/** The userId of a name in this tab; `tag` is four letters or digits. */
export function userIdOf(name: string, tag: string): string {
  const plain = name.trim().replace(/\s+/g, '-');
  const simple = /^[A-Za-z0-9-]+$/.test(plain) && !plain.startsWith(ENCODED);
  const body = simple ? plain.slice(0, MAX_BODY) : ENCODED + encode(name.trim());
  return `${body}_${tag}`;
}

/** The name to show for a userId, of this demo or of somebody else's. */
export function nameOf(userId: string): string {
  const match = /^(.+)_[a-z0-9]{4}$/.exec(userId);
  const body = match?.[1] ?? userId;
  if (!match) return userId;
  if (body.startsWith(ENCODED)) return decode(body.slice(ENCODED.length)) ?? userId;
  return body.replaceAll('-', ' ');
}

/** One or two letters for a picture's place. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? '')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** A hue 0..359 that stays with a user. */
export function hueOf(userId: string): number {
  let hash = 0;
  for (const character of userId) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return (hash * 47) % 360;
}

function encode(name: string): string {
  const room = Math.floor(((MAX_BODY - ENCODED.length) * 3) / 4);
  let bytes = new Uint8Array();
  let kept = '';
  for (const character of name) {
    const longer = new TextEncoder().encode(kept + character);
    if (longer.length > room) break;
    kept += character;
    bytes = longer;
  }
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function decode(text: string): string | null {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null; // Somebody else's userId that merely looks like ours.
  }
}

const TAG_KEY = 'ferry.tab';
const NAME_KEY = 'ferry.name';

/** The four letters of this tab. */
export function tabTag(): string {
  const kept = sessionStorage.getItem(TAG_KEY);
  if (kept && /^[a-z0-9]{4}$/.test(kept)) return kept;
  const random = crypto.getRandomValues(new Uint8Array(TAG_LENGTH));
  const tag = Array.from(random, (byte) => (byte % 36).toString(36)).join('');
  sessionStorage.setItem(TAG_KEY, tag);
  return tag;
}

export function rememberedName(): string {
  return localStorage.getItem(NAME_KEY) ?? '';
}

export function rememberName(name: string): void {
  localStorage.setItem(NAME_KEY, name);
}
