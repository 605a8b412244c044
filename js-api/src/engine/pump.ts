import { now } from '../util/clock';
import type { Engine, EngineOutputs } from './engine';
import { Wakeup } from './wakeup';

/** Runs the engine: hands out what it wants done, and comes back when it asked to be woken. */
export class Pump {
  private readonly wakeup = new Wakeup(now, () => this.run());
  private stopped = false;

  constructor(
    private readonly engine: Engine,
    private readonly outputs: EngineOutputs,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Call after everything that was put into the engine. */
  run(): void {
    if (this.stopped) return;
    try {
      this.engine.poll(now(), this.outputs);
      this.wakeup.schedule(this.engine.nextWakeup());
    } catch (error) {
      this.stop();
      this.onFailure(error);
    }
  }

  stop(): void {
    this.stopped = true;
    this.wakeup.cancel();
  }
}
