import { describe, expect, it } from 'vitest';
import { initialsOf, nameOf, userIdOf } from './identity';

describe('identity', () => {
  it.each(['Anna', 'Anna Maria', 'Zoë', '小明', 'O’Neil & Sons', 'u8-fake'])(
    'gives %s back from its userId',
    (name) => {
      const userId = userIdOf(name, 'ab12');
      expect(userId).toMatch(/^[A-Za-z0-9_-]{1,32}$/);
      expect(nameOf(userId)).toBe(name);
    },
  );

  it('cuts a long name at a whole character', () => {
    const userId = userIdOf('一二三四五六七八九十', 'ab12');
    expect(userId.length).toBeLessThanOrEqual(32);
    expect('一二三四五六七八九十'.startsWith(nameOf(userId))).toBe(true);
  });

  it('shows a foreign userId as it is', () => {
    expect(nameOf('robot-7')).toBe('robot-7');
    expect(nameOf('u8-***_ab12')).toBe('u8-***_ab12');
  });

  it('makes initials', () => {
    expect(initialsOf('anna maria lopez')).toBe('AL');
    expect(initialsOf('小明')).toBe('小');
    expect(initialsOf('')).toBe('?');
  });
});
