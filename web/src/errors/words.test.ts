import { describe, expect, it } from 'vitest';
import { SignatureError } from '../session/signature';
import { kickedWords, wordsFor } from './words';

describe('words for errors', () => {
  it('says nothing of a call that was superseded', () => {
    expect(wordsFor({ code: 5998, message: 'startLocalVideo abort' })).toBeNull();
  });

  it.each([
    [{ code: 5300, extraCode: 5302 }, 'Camera or microphone is blocked', 'settings'],
    [{ code: 5300, extraCode: 5307 }, 'The device does not work', 'retry'],
    [{ code: 5400, extraCode: 70001 }, 'Your pass has expired', 'reload'],
    [{ code: 5400, extraCode: 70009 }, 'The gateway does not accept this pass', 'reload'],
    [{ code: 5400, extraCode: 70013 }, 'The gateway does not accept this pass', 'reload'],
    [{ code: 5400, extraCode: 70020 }, 'Unknown application', 'none'],
    [{ code: 5400, extraCode: 20005 }, 'The room is full', 'retry'],
    [{ code: 5400, extraCode: 99 }, 'The gateway refused', 'retry'],
    [{ code: 5500, extraCode: 5501 }, 'The gateway cannot be reached', 'retry'],
    [{ code: 5500 }, 'The gateway cannot be reached', 'retry'],
    [{ code: 5200, extraCode: 5201 }, 'This page is not secure', 'none'],
    [new TypeError('x is not a function'), 'Something went wrong', 'reload'],
    [undefined, 'Something went wrong', 'reload'],
  ])('puts %o into words', (error, title, remedy) => {
    expect(wordsFor(error)).toMatchObject({ title, remedy });
  });

  it('keeps the codes for support', () => {
    const error = { code: 5400, extraCode: 70009, message: 'bad signature' };
    expect(wordsFor(error)?.detail).toBe('5400 / 70009: bad signature');
  });

  it('tells a gateway that is away from one without demo', () => {
    expect(wordsFor(new SignatureError('', 0))?.title).toBe('The gateway cannot be reached');
    expect(wordsFor(new SignatureError('', 404))?.title).toBe('The demo is switched off');
  });

  it('has words for each reason of being put out', () => {
    const titles = ['kick', 'banned', 'room_disband', 'other'].map((r) => kickedWords(r).title);
    expect(new Set(titles).size).toBe(4);
  });
});
