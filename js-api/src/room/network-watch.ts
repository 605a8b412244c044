import type { NetworkEvent } from '../engine/messages';

/** What the page hears of its network, of having slept and of its end; workers do not hear of it in every browser. */
export class NetworkWatch {
  private readonly controller = new AbortController();

  constructor(tell: (kind: NetworkEvent) => void) {
    const { signal } = this.controller;
    const on = (target: EventTarget | undefined, name: string, action: (event: Event) => void) =>
      target?.addEventListener(name, action, { signal });
    const { connection } = navigator as Navigator & { connection?: EventTarget };
    on(window, 'online', () => tell('changed'));
    on(connection, 'change', () => tell('changed'));
    on(window, 'pageshow', () => tell('woke'));
    // A page that is kept for going back to may come back, within the session's grace.
    on(window, 'pagehide', (event) => {
      if (!(event as PageTransitionEvent).persisted) tell('closing');
    });
    on(document, 'resume', () => tell('woke'));
    on(document, 'visibilitychange', () => {
      if (document.visibilityState === 'visible') tell('woke');
    });
  }

  stop(): void {
    this.controller.abort();
  }
}
