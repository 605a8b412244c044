import { describe, expect, it, vi } from 'vitest';
import { joinRequest } from '../../test/support/engine-fakes';
import {
  enter,
  gateway,
  session,
  shape,
  startSession,
  states,
  useSession,
  wait,
} from '../../test/support/session-harness';
import type { FakeTransport } from '../../test/support/fake-gateway';
import { JOIN_TIMEOUT_MS } from './connection';

useSession();

describe('a way that opens and leads nowhere', () => {
  /** UDP gets as far as the handshake. */
  const muffle = () =>
    shape((transport) => {
      transport.silent = transport.name === 'webtransport';
    });

  it('is left for the other one, within the time that entering has', async () => {
    muffle();
    const entering = session.join(joinRequest);
    await wait(10_000);
    await entering;
    expect(gateway.kept?.attached?.name).toBe('websocket');
  });

  it.each([
    [
      'which does not open',
      'was not open in time',
      (tcp: FakeTransport) => (tcp.open = () => new Promise(() => undefined)),
    ],
    [
      'which is no better',
      "the gateway did not answer 'join' in time",
      (tcp: FakeTransport) => (tcp.silent = true),
    ],
  ])('and another one %s: both are told, in time', async (_how, why, change) => {
    muffle();
    shape((transport) => {
      if (transport.name === 'websocket') change(transport);
    });
    let told: string | undefined;
    session.join(joinRequest).catch((error: Error) => (told = error.message));
    await wait(JOIN_TIMEOUT_MS - 100);
    expect(told).toBeUndefined();
    await wait(100);
    expect(told).toBe(
      "no connection to the gateway; webtransport: the gateway did not answer 'join' in time; " +
        `websocket: ${why}`,
    );
  });

  it('is not tried again and again when reconnecting', async () => {
    muffle();
    const entering = session.join({ ...joinRequest });
    await wait(10_000);
    await entering;
    await wait(70_000);
    gateway.kept?.attached?.end(1006);
    await wait(12_000);
    expect(states().at(-1)).toBe('restored');
    expect(gateway.kept?.attached?.name).toBe('websocket');
  });

  it('that the gateway refuses with a reason fails with that reason', async () => {
    const entering = expect(session.join(joinRequest)).rejects.toMatchObject({
      failure: { kind: 'server', code: 20_006 },
    });
    await wait(15);
    gateway.last.deliver({ type: 'error', code: 20_006, message: 'full' });
    await wait(12);
    gateway.last.end(1013);
    await entering;
    expect(gateway.transports).toHaveLength(1);
  });

  it('that the gateway refuses by its close alone fails with the reason in it', async () => {
    const entering = expect(session.join(joinRequest)).rejects.toMatchObject({
      failure: { kind: 'server', code: 20_006, message: 'the gateway is full' },
    });
    await wait(15);
    gateway.last.end(1013, '20006 the gateway is full');
    await entering;
    expect(gateway.transports).toHaveLength(1);
  });
});

describe('what is called off', () => {
  /** Between a connection's opening and those who wait for it. */
  const asItOpens = (action: () => void) =>
    shape((transport) => {
      const open = transport.open.bind(transport);
      transport.open = () => {
        const opening = open();
        void opening.then(() => queueMicrotask(action));
        return opening;
      };
    });

  it('enters nobody by a connection that has just opened', async () => {
    asItOpens(() => session.networkEvent('closing'));
    const entering = expect(session.join(joinRequest)).rejects.toThrow();
    await wait(2000);
    await entering;
    expect(gateway.transports.map((each) => [each.types(), each.closed])).toEqual([[[], 1000]]);
  });

  it('resumes nothing by a connection that has just opened', async () => {
    await enter();
    asItOpens(() => session.networkEvent('closing'));
    gateway.last.end(1006);
    await wait(2000);
    expect(gateway.last.types()).toEqual([]);
    expect(gateway.last.closed).toBe(4008);
  });

  it('says nothing against its way', async () => {
    gateway.latencyMs = 100;
    const entering = expect(session.join(joinRequest)).rejects.toThrow();
    await wait(150);
    expect(gateway.last.types()).toEqual(['join']);
    await session.leave();
    await entering;
    startSession();
    await enter();
    expect(gateway.kept?.attached?.name).toBe('webtransport');
  });

  it('while entering anew has left, in case the gateway let it in', async () => {
    await enter();
    const first = gateway.last;
    gateway.restart();
    while (gateway.last === first || gateway.last.types()[0] !== 'join') await wait(1);
    const { last } = gateway;
    const leaving = session.leave();
    await wait(1);
    await leaving;
    expect(last.closed).toBe(1000);
  });

  it('or done, is not listened for any more', async () => {
    const listening = new Set<unknown>();
    const { prototype } = EventTarget;
    const { addEventListener: add, removeEventListener: remove } = prototype;
    vi.spyOn(prototype, 'addEventListener').mockImplementation(function (
      this: EventTarget,
      ...args
    ) {
      if (args[0] === 'abort') listening.add(args[1]);
      add.apply(this, args);
    });
    vi.spyOn(prototype, 'removeEventListener').mockImplementation(function (
      this: EventTarget,
      ...args
    ) {
      listening.delete(args[1]);
      remove.apply(this, args);
    });
    await enter();
    gateway.last.end(1006);
    await wait(100);
    expect(states()).toEqual(['lost', 'restored']);
    expect(listening.size).toBe(0);
  });
});
