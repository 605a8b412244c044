import { describe, expect, it, vi } from 'vitest';
import { FakePort, audioRequest } from '../../test/support/engine-fakes';
import {
  bob,
  cut,
  engine,
  enter,
  events,
  flow,
  gateway,
  news,
  publishBoth,
  requests,
  session,
  states,
  subscribeBoth,
  useSession,
  wait,
} from '../../test/support/session-harness';
import { FAREWELL_MS } from './farewell';
import { DEAD_MS } from './link-monitor';
import { GAVE_UP, GIVE_UP_MS, MOVE_SPREAD_MS, UPGRADE_DELAY_MS } from './reconnector';

useSession();

describe('a switch in mid call', () => {
  it('leaves UDP that died for WebSocket, with media after less than a second', async () => {
    await enter();
    await subscribeBoth();
    await flow(3000);
    const udp = gateway.last;
    expect(udp.name).toBe('webtransport');
    udp.silent = true;
    gateway.reachable.webtransport = false;
    await flow(900);
    const tcp = gateway.last;
    expect(tcp.name).toBe('websocket');
    expect(gateway.kept?.attached).toBe(tcp);
    expect(states()).toEqual(['moved']);
    expect(engine.calls, 'bandwidth is estimated anew').toContain('pathChanged');
    engine.calls.length = 0;
    tcp.receiveMedia(44);
    expect(engine.calls).toEqual(['receive 44']);
  });

  it('returns to UDP when that is back, and keeps TCP until then', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    await subscribeBoth();
    const tcp = gateway.kept?.attached;
    expect(tcp?.name).toBe('websocket');
    await wait(UPGRADE_DELAY_MS);
    expect(gateway.kept?.attached).toBe(tcp);
    gateway.reachable.webtransport = true;
    await wait(2 * UPGRADE_DELAY_MS + 100);
    expect(gateway.kept?.attached?.name).toBe('webtransport');
    expect(states()).toEqual(['moved']);
    gateway.notify({ type: 'user-entered', userId: 'carol' });
    await wait(50);
    expect(news()).toEqual([{ type: 'user-entered', userId: 'carol' }]);
  });

  it('returns at once when the network changes', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    gateway.reachable.webtransport = true;
    session.networkEvent('changed');
    await wait(100);
    expect(gateway.kept?.attached?.name).toBe('webtransport');
  });

  it.each(['websocket', 'webtransport'] as const)(
    'never happens when %s is forced',
    async (one) => {
      await enter(one);
      await flow(2 * UPGRADE_DELAY_MS);
      gateway.last.silent = true;
      await flow(DEAD_MS + 2000);
      expect(new Set(gateway.transports.map(({ name }) => name))).toEqual(new Set([one]));
      expect(gateway.kept?.attached?.silent).toBe(false);
    },
  );

  it('is called off when UDP was only slow', async () => {
    await enter();
    await flow(3000);
    const udp = gateway.last;
    udp.silent = true;
    gateway.latencyMs = 100;
    await flow(700);
    expect(gateway.last).not.toBe(udp);
    udp.silent = false;
    await flow(3000);
    expect(gateway.kept?.attached).toBe(udp);
    expect(gateway.last.closed).toBe(4008);
    expect(states()).toEqual([]);
  });

  it('carries over what is asked in its midst', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    gateway.reachable.webtransport = true;
    session.networkEvent('changed');
    await wait(25);
    const publishing = session.publish(audioRequest(new FakePort()));
    gateway.notify({ type: 'user-entered', userId: 'carol' });
    await wait(200);
    await publishing;
    expect(requests('publish')).toHaveLength(1);
    expect(news()).toEqual([{ type: 'user-entered', userId: 'carol' }]);
  });

  it('follows the gateway’s word to another one, kept by this one until then', async () => {
    await enter();
    await publishBoth();
    await subscribeBoth();
    const old = gateway.last;
    gateway.refuses = { join: 20_011 };
    gateway.notify({ type: 'closing', reason: 'draining', reconnect: true });
    await wait(5000);
    expect(states()).toEqual([]);
    old.receiveMedia(55);
    expect(engine.calls.at(-1)).toBe('receive 55');
    // The address leads to the next gateway now.
    gateway.refuses = {};
    gateway.users = [bob('new-')];
    gateway.handled.length = 0;
    await wait(10_000);
    expect(gateway.kept?.attached).not.toBe(old);
    expect(states()).toEqual(['moved']);
    expect(requests('publish')).toHaveLength(2);
    expect(requests('subscribe')).toHaveLength(2);
    expect(news().filter(({ type }) => type !== 'closing')).toEqual([]);
  });
});

describe('a plan that something came between', () => {
  it('to return to UDP is not forgotten over a silence that ended', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    const { last: tcp } = gateway;
    tcp.silent = true;
    gateway.reachable.websocket = false;
    const { length } = gateway.transports;
    while (gateway.transports.length === length) await wait(10);
    await wait(20);
    tcp.silent = false;
    gateway.notify({ type: 'user-entered', userId: 'carol' });
    await wait(20);
    gateway.reachable.webtransport = true;
    await wait(UPGRADE_DELAY_MS - 100);
    expect(gateway.kept?.attached).toBe(tcp);
    await wait(200);
    expect(gateway.kept?.attached?.name).toBe('webtransport');
  });

  it('to leave a gateway that is closing outlives a connection to it', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await enter();
    gateway.notify({ type: 'closing', reason: 'draining', reconnect: true });
    await wait(100);
    gateway.last.end(1006);
    await wait(100);
    expect(gateway.last.types()).toEqual(['resume']);
    await wait(MOVE_SPREAD_MS);
    expect(gateway.last.types()).toEqual(['join']);
    expect(states()).toEqual(['lost', 'restored', 'moved']);
  });

  it('to leave a gateway that is closing outlives a change of the network', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    gateway.reachable.webtransport = true;
    gateway.notify({ type: 'closing', reason: 'draining', reconnect: true });
    await wait(20);
    session.networkEvent('changed');
    await wait(MOVE_SPREAD_MS + 100);
    expect(gateway.last.types()).toEqual(['join']);
    expect(gateway.kept?.attached?.name).toBe('webtransport');
  });
});

describe('the timeline', () => {
  it('a connection that only went silent is lost after 8 s at the latest', async () => {
    await enter('websocket');
    gateway.last.silent = true;
    gateway.reachable = { webtransport: false, websocket: false };
    await wait(4100);
    expect(session.statistics().linkDown).toBe(true);
    expect(states()).toEqual([]);
    await wait(DEAD_MS - 4000);
    expect(states()[0]).toBe('lost');
  });

  it('retries at once, then less and less often', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await enter('websocket');
    let seen = gateway.transports.length;
    cut();
    const start = performance.now();
    const times: number[] = [];
    while (times.length < 9) {
      if (gateway.transports.length > seen) times.push(performance.now() - start);
      seen = gateway.transports.length;
      await wait(10);
    }
    const gaps = times.map((time, i) => Math.round((time - (times[i - 1] ?? 0)) / 100) / 10);
    expect(gaps).toEqual([0, 0.5, 1, 2, 4, 8, 16, 24, 24]);
  });

  it('retries at once when the page wakes or the network is back', async () => {
    await enter();
    cut();
    await wait(60_000);
    gateway.reachable.websocket = true;
    session.networkEvent('woke');
    await wait(50);
    expect(states().at(-1)).toBe('restored');
  });

  it('gives up after 30 minutes', async () => {
    await enter();
    cut();
    await wait(GIVE_UP_MS - 1000);
    expect(events.at(-1)).toMatchObject({ event: 'connection' });
    await wait(15_000);
    expect(events.at(-1)).toMatchObject({ event: 'closed', code: GAVE_UP });
    expect(engine.calls.at(-1)).toBe('destroy');
  });

  it('is over at once when the user may not come in again', async () => {
    await enter();
    gateway.restart();
    gateway.refuses = { join: 70_001 };
    await wait(200);
    expect(events.at(-1)).toMatchObject({ event: 'closed', code: 70_001 });
  });

  it('goes on when the gateway is merely full', async () => {
    await enter();
    gateway.restart();
    gateway.refuses = { join: 20_006 };
    await wait(5000);
    gateway.refuses = {};
    await wait(20_000);
    expect(states().at(-1)).toBe('restored');
  });

  it('enters anew at once where the gateway ended the session', async () => {
    await enter();
    gateway.last.end(1001);
    await wait(50);
    expect(gateway.last.types()).toEqual(['join']);
    expect(states()).toEqual(['lost', 'restored']);
  });

  it('has no place for who was replaced', async () => {
    await enter();
    gateway.last.end(4001);
    await wait(5000);
    expect(events).toEqual([{ event: 'closed', code: 4001, reason: '' }]);
    expect(gateway.transports).toHaveLength(1);
  });

  it('tells who slept and was replaced meanwhile, and does not put the other out', async () => {
    await enter();
    gateway.last.end(4005, 'nothing was heard for too long');
    gateway.refuses = { resume: 20_019 };
    await wait(5000);
    expect(events.at(-1)).toMatchObject({ event: 'closed', code: 4001 });
    expect(gateway.transports.flatMap((each) => each.types())).toEqual(['join', 'resume']);
  });

  it('has no place for a gateway that says so', async () => {
    await enter();
    gateway.notify({ type: 'closing', reason: 'over', reconnect: false });
    await wait(50);
    gateway.last.end(1001);
    expect(events.at(-1)).toMatchObject({ event: 'closed', code: 1001 });
  });

  it('a page that slept asks at once, and reconnects', async () => {
    await enter();
    const before = gateway.last;
    before.silent = true;
    // Frozen: the clock goes on, no timer fires.
    vi.setSystemTime(Date.now());
    vi.spyOn(performance, 'now').mockImplementation(() => Date.now() + 600_000);
    await wait(3000);
    expect(gateway.kept?.attached).not.toBe(before);
    vi.mocked(performance.now).mockRestore();
  });

  it('leaving ends the search', async () => {
    await enter();
    cut();
    const leaving = session.leave();
    await wait(1000);
    await leaving;
    await wait(FAREWELL_MS);
    const { length } = gateway.transports;
    await wait(60_000);
    expect(gateway.transports).toHaveLength(length);
  });

  it('a leave without a connection is told as soon as there is one', async () => {
    await enter();
    cut();
    const leaving = session.leave();
    await wait(1000);
    await leaving;
    gateway.reachable.websocket = true;
    await wait(3000);
    expect(gateway.last.types()).toEqual(['resume']);
    expect(gateway.last.closed).toBe(1000);
    const { length } = gateway.transports;
    await wait(60_000);
    expect(gateway.transports).toHaveLength(length);
    expect(states()).not.toContain('restored');
  });

  it('a leave is told once to a gateway that was restarted meanwhile', async () => {
    await enter();
    gateway.reachable = { webtransport: false, websocket: false };
    gateway.restart();
    const leaving = session.leave();
    await wait(1000);
    await leaving;
    gateway.reachable.websocket = true;
    await wait(FAREWELL_MS);
    const resumes = gateway.transports.filter((each) => each.types().includes('resume'));
    expect(resumes).toHaveLength(1);
  });

  it('a leave that the silent connection swallows is told over another one', async () => {
    await enter();
    gateway.last.silent = true;
    const leaving = session.leave();
    await wait(3000);
    await leaving;
    expect(gateway.last.types()).toEqual(['resume']);
    expect(gateway.last.closed).toBe(1000);
  });

  it('a page that closes ends its connection at once, with the code of a leave', async () => {
    await enter();
    session.networkEvent('closing');
    expect(gateway.last.closed).toBe(1000);
    await wait(60_000);
    expect(gateway.transports).toHaveLength(1);
    expect(engine.calls).toContain('destroy');
  });
});
