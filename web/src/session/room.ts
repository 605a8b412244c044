// Rooms by what people type, and the links that lead there.

const MAX_NUMBER = 4294967294;
/** The characters that a string room id may have. */
const ALLOWED = /^[A-Za-z\d\s!#$%&()+\-:;<=.>?@[\]^_{}|~,]{1,64}$/;

export type RoomParams = { roomId: number } | { strRoomId: string };

/** What enterRoom wants for what was typed: digits are a number room. Null when no room can be called so. */
export function parseRoom(text: string): RoomParams | null {
  const room = text.trim();
  if (/^\d{1,10}$/.test(room) && String(Number(room)) === room) {
    const roomId = Number(room);
    if (roomId >= 1 && roomId <= MAX_NUMBER) return { roomId };
  }
  return ALLOWED.test(room) ? { strRoomId: room } : null;
}

/** The link that opens this page with the room filled in. */
export function inviteLink(room: string, page: string): string {
  const url = new URL(page);
  url.search = '';
  url.hash = '';
  url.searchParams.set('room', room.trim());
  return url.href;
}

/** The room that the page's address invites to, or ''. */
export function invitedRoom(page: string): string {
  return new URL(page).searchParams.get('room')?.trim() ?? '';
}

const FIRST = [
  'quiet',
  'bright',
  'north',
  'amber',
  'silver',
  'early',
  'calm',
  'blue',
  'golden',
  'open',
];
const SECOND = [
  'harbor',
  'pier',
  'strait',
  'island',
  'lantern',
  'current',
  'anchor',
  'bay',
  'tide',
  'quay',
];

/** A room's name that one can say aloud; the number keeps those apart who do not know each other. */
export function suggestRoom(random: () => number = Math.random): string {
  const pick = (words: string[]) => words[Math.floor(random() * words.length)] ?? 'harbor';
  return `${pick(FIRST)}-${pick(SECOND)}-${10 + Math.floor(random() * 90)}`;
}
