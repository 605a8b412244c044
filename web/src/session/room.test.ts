import { describe, expect, it } from 'vitest';
import { inviteLink, invitedRoom, parseRoom, suggestRoom } from './room';

describe('rooms', () => {
  it.each([
    ['8888', { roomId: 8888 }],
    [' 1 ', { roomId: 1 }],
    ['4294967294', { roomId: 4294967294 }],
    ['4294967295', { strRoomId: '4294967295' }],
    ['007', { strRoomId: '007' }],
    ['quiet-harbor-42', { strRoomId: 'quiet-harbor-42' }],
    ['', null],
    ['zu früh', null],
    ['x'.repeat(65), null],
  ])('takes %j', (text, room) => {
    expect(parseRoom(text)).toEqual(room);
  });

  it('leads to the room it was made for', () => {
    const link = inviteLink('a & b?', 'https://example.com/ferry/?room=other&x=1#top');
    expect(link).toBe('https://example.com/ferry/?room=a+%26+b%3F');
    expect(invitedRoom(link)).toBe('a & b?');
    expect(invitedRoom('https://example.com/')).toBe('');
  });

  it('suggests names that are rooms', () => {
    for (const random of [0, 0.5, 0.999]) {
      expect(parseRoom(suggestRoom(() => random))).toHaveProperty('strRoomId');
    }
  });
});
