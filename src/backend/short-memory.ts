export type ShortMemoryDeps<Value> = {
  load: (key: string) => Promise<Value | null>
  /** How old an answer may be, in milliseconds since it was asked for. */
  forMs: number
  /** More than these push the first ones out. */
  most?: number
  /** Tells of changes of one key, on any node; returns what ends that. Without it, age alone makes an answer go. */
  subscribe?: (key: string, changed: () => void) => () => void
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

/** Answers that many ask for, of a short age: one question at a time for each key. What is not there is asked for each time. */
export interface ShortMemory<Value> {
  /** @throws what `load` throws, which is not kept */
  get(key: string): Promise<Value | null>
  /** What is known by now, without a question. */
  peek(key: string): Promise<Value | null> | null
  forget(key: string): void
}

type Entry<Value> = { answer: Promise<Value | null>; since: number; end: () => void }

export function createShortMemory<Value>({
  load,
  forMs,
  most = 10_000,
  subscribe = () => () => {},
  now = () => performance.now(),
}: ShortMemoryDeps<Value>): ShortMemory<Value> {
  const entries = new Map<string, Entry<Value>>()

  const drop = (key: string, entry: Entry<Value>): void => {
    entry.end()
    if (entries.get(key) === entry) entries.delete(key)
  }

  const peek = (key: string): Promise<Value | null> | null => {
    const entry = entries.get(key)
    if (entry === undefined) return null
    if (now() - entry.since < forMs) return entry.answer
    drop(key, entry)
    return null
  }

  const forget = (key: string): void => {
    const entry = entries.get(key)
    if (entry !== undefined) drop(key, entry)
  }

  const ask = (key: string): Promise<Value | null> => {
    const since = now()
    // before the question: a change while it is under way is not missed
    const end = subscribe(key, () => drop(key, entry))
    const entry: Entry<Value> = { answer: load(key), since, end }
    entries.set(key, entry)
    const unlessThere = (value: Value | null) => {
      if (value === null) drop(key, entry)
    }
    entry.answer.then(unlessThere, () => drop(key, entry))
    const [first] = entries.keys()
    if (entries.size > most && first !== undefined) forget(first)
    return entry.answer
  }

  return { peek, forget, get: key => peek(key) ?? ask(key) }
}
