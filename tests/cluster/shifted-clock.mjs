// Loaded into a gateway before anything else (`--import`): its wall clock is off by CLOCK_SHIFT_MS, from the start, or from SIGUSR2 on if
// CLOCK_STEPS is set, as when somebody sets a machine's clock. What runs on the monotonic clock is not touched, as it is not in life.
const shift = Number(process.env.CLOCK_SHIFT_MS ?? 0)
const RealDate = globalThis.Date
const realNow = RealDate.now.bind(RealDate)
let off = process.env.CLOCK_STEPS === undefined ? shift : 0

process.on('SIGUSR2', () => {
  off = off === 0 ? shift : 0
})

RealDate.now = () => realNow() + off
globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(RealDate.now()).toString(),
  construct: (target, parts, as) => Reflect.construct(target, parts.length === 0 ? [RealDate.now()] : parts, as),
})
