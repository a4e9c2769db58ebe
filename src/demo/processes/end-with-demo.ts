/** Past this, a gateway that is still starting is ended without goodbye. */
const START_LIMIT_MS = 60_000
const POLL_MS = 50

/** Asks the gateway to stop as a signal would, as soon as it listens to signals: until then it would leave its database running. */
function stop(): void {
  const begun = performance.now()
  const timer = setInterval(() => {
    if (process.listenerCount('SIGTERM') === 0) {
      if (performance.now() - begun > START_LIMIT_MS) process.exit(1)
      return
    }
    clearInterval(timer)
    process.emit('SIGTERM', 'SIGTERM')
  }, POLL_MS)
}

// The demo holds the other end of this process's input, and the system closes that end however the demo ends.
process.stdin.once('close', stop)
process.stdin.on('error', () => {})
process.stdin.resume()

// Nobody reads any more once the demo is gone, which must not keep the gateway from stopping cleanly.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
