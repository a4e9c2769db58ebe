import { monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Milliseconds between two rings: each wakes the process, which at 20 ms was a fifth of the processor time that a node with a hundred idle
 * sessions takes. What holds the process up for less is seen now and then.
 */
const resolutionMs = 100

export type LagSeconds = { p50: number; p99: number; max: number }

/** How late this process comes to its work. */
export interface LoopLag extends Disposable {
  /** Since the last time it was asked. */
  take(): LagSeconds
}

export function watchLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  // what it measures is the time between two of its own rings
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1_000)
  return {
    take() {
      if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 }
      const lag = {
        p50: seconds(histogram.percentile(50)),
        p99: seconds(histogram.percentile(99)),
        max: seconds(histogram.max),
      }
      histogram.reset()
      return lag
    },
    [Symbol.dispose]: () => void histogram.disable(),
  }
}
