/** Notices that something stands still: calls `stalled` once `ms` have passed without a `refresh`, but not while paused. */
export function stallTimer(ms: number, stalled: () => void): StallTimer {
  let timer: NodeJS.Timeout | undefined = setTimeout(stalled, ms);
  return {
    refresh() {
      if (timer === undefined) timer = setTimeout(stalled, ms);
      else timer.refresh();
    },
    touch() {
      timer?.refresh();
    },
    pause() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

export interface StallTimer {
  refresh(): void;
  /** As `refresh`, but not while paused. */
  touch(): void;
  pause(): void;
}
