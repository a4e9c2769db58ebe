/** Until it is disposed of, this process takes it to be so many milliseconds later. Timers that run keep their time. */
export function clockAhead(ms: number): Disposable {
  const originals = { date: Date.now, performance: performance.now.bind(performance) }
  Date.now = () => originals.date() + ms
  performance.now = () => originals.performance() + ms
  return {
    [Symbol.dispose]() {
      Date.now = originals.date
      Reflect.deleteProperty(performance, 'now')
    },
  }
}
