import type { Breaker } from './reaction.js'

export type ConnectBudgetTable = { egress: string; paid_until: Date }

export type ConnectBreakersTable = {
  breaker: Breaker
  scope: string
  hit_by: string
  hit_at: Date
  opened_at: Date | null
  until: Date | null
  tried_at: Date | null
}

declare module '../database/schema.js' {
  interface SystemSchema {
    connect_budget: ConnectBudgetTable
    connect_breakers: ConnectBreakersTable
  }
}
