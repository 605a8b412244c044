/** Browsers stretch timers that set timers to at least this; see HTML, "timer nesting level". */
const CLAMP_MS = 4;

/**
 * One alarm that can be moved. Timers that set timers are clamped to 4 ms, those set from a message
 * are not, so each alarm passes through a message channel before its action.
 */
export class Wakeup {
  private readonly channel = new MessageChannel();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = Infinity;

  constructor(
    private readonly now: () => number,
    action: () => void,
  ) {
    this.channel.port1.onmessage = () => {
      this.due = Infinity;
      action();
    };
  }

  /** `at` Infinity: never. */
  schedule(at: number): void {
    if (at === this.due) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.due = at;
    if (at === Infinity) return;
    const fire = () => this.channel.port2.postMessage(0);
    const wait = at - this.now();
    if (wait <= 0) fire();
    else this.timer = setTimeout(fire, Math.min(wait, CLAMP_MS * 1000));
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.channel.port1.close();
  }
}
