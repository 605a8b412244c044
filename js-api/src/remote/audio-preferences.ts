/** Whom the app wants to hear, and how loud; kept for users who are not here yet. */
export class AudioPreferences {
  autoReceive = true;
  private readonly muted = new Map<string, boolean>();
  private readonly volumes = new Map<string, number>();
  private allMuted: boolean | undefined;
  private allVolume = 100;

  mute(userId: string, mute: boolean): void {
    if (userId === '*') {
      this.allMuted = mute;
      this.muted.clear();
    } else {
      this.muted.set(userId, mute);
    }
  }

  setVolume(userId: string, volume: number): void {
    if (userId === '*') {
      this.allVolume = volume;
      this.volumes.clear();
    } else {
      this.volumes.set(userId, volume);
    }
  }

  /** Whether to subscribe to this user's sound. */
  wanted(userId: string): boolean {
    const muted = this.muted.get(userId) ?? this.allMuted;
    return muted === undefined ? this.autoReceive : !muted;
  }

  volume(userId: string): number {
    return this.volumes.get(userId) ?? this.allVolume;
  }

  /** exitRoom forgets everything. */
  reset(): void {
    this.muted.clear();
    this.volumes.clear();
    this.allMuted = undefined;
    this.allVolume = 100;
  }
}
