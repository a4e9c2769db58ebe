import { Counter, Histogram, Registry } from 'prom-client'
import type { ConnectionMeter } from './metered-engine.js'
import { addGauges, type GaugeSources } from './gauges.js'
import { watchLoopLag } from './loop-lag.js'

/**
 * What this node tells about itself in Prometheus' text form. Labels are words of ours from short lists, never ids or numbers of anybody, so
 * that the figures may be read by whoever watches machines.
 */
export interface Metrics extends AsyncDisposable {
  readonly connections: (purpose: 'link' | 'session') => ConnectionMeter
  readonly jobTried: (job: string, outcome: string) => void
  /** Time from an event's storing to its reader on this node. */
  readonly eventDelivered: (seconds: number) => void
  /** Once everything that it asks is there. */
  watch(sources: GaugeSources): void
  text(): Promise<string>
  readonly contentType: string
}

export function createMetrics(): Metrics {
  // one of its own: several nodes may run in one process
  const registry = new Registry()
  const registers = [registry]
  const tries = new Counter({
    registers,
    name: 'whizlite_connects_tried_total',
    help: 'Sockets opened towards WhatsApp, for links (whose codes may stay unscanned) and for sessions.',
    labelNames: ['for'],
  })
  const opens = new Counter({
    registers,
    name: 'whizlite_connects_total',
    help: 'Connections that WhatsApp has let in, of links and of sessions.',
    labelNames: ['for'],
  })
  const ends = new Counter({
    registers,
    name: 'whizlite_connections_ended_total',
    help: 'Connections that have ended, by where and why; all but those closed by us are followed by a reconnect or a rest.',
    labelNames: ['plane', 'reason'],
  })
  const forgeries = new Counter({
    registers,
    name: 'whizlite_forged_messages_total',
    help: 'Messages of other people that only a device of the account may send, dropped unheard, by what they claimed to be.',
    labelNames: ['code'],
  })
  const jobs = new Counter({
    registers,
    name: 'whizlite_job_tries_total',
    help: 'Tries of background jobs by what became of them: done, failed (tried again later), parked (not tried again).',
    labelNames: ['job', 'outcome'],
  })
  const delivery = new Histogram({
    registers,
    name: 'whizlite_event_delivery_seconds',
    help: 'Time from the storing of an event to its live reader on this node.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
  })
  const lag = watchLoopLag()
  return {
    connections: purpose => ({
      tried: () => tries.inc({ for: purpose }),
      opened: () => opens.inc({ for: purpose }),
      ended: ({ plane, kind }) => ends.inc({ plane, reason: kind }),
      forged: code => forgeries.inc({ code }),
    }),
    jobTried: (job, outcome) => jobs.inc({ job, outcome }),
    eventDelivered: seconds => delivery.observe(seconds),
    watch: sources => addGauges(registry, lag, sources),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    async [Symbol.asyncDispose]() {
      lag[Symbol.dispose]()
      registry.clear()
    },
  }
}
