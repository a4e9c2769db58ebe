/**
 * The child's end of a small question-and-answer protocol over Node's IPC channel. Loaded before the program it measures, so nothing of
 * that program has to change; a child whose parent is gone stops as if it had been told to.
 */

/** @typedef {Record<string, (params: any) => unknown>} Verbs */

const verbs = new Map()
/** Questions that came before the program was loaded far enough to answer them. */
let early = []

process.on('message', receive)
process.once('disconnect', () => {
  // Whoever read the output is gone as well; a last line must not cut the clean end short.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  process.kill(process.pid, 'SIGTERM')
})
process.channel?.unref()

function receive(question) {
  const act = verbs.get(question.verb)
  if (act === undefined) early.push(question)
  else void reply(act, question)
}

async function reply(act, { call, params }) {
  const message = await Promise.resolve(params)
    .then(act)
    .then(
      result => ({ call, result }),
      error => ({ call, error: error instanceof Error ? error.message : String(error) }),
    )
  if (process.connected) process.send(message)
}

/** @param {Verbs} more */
export function answer(more) {
  for (const [verb, act] of Object.entries(more)) verbs.set(verb, act)
  const waited = early
  early = []
  for (const question of waited) receive(question)
}
