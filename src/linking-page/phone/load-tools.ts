import type * as tools from './number-tools.js'

export type NumberTools = typeof tools

let loading: Promise<NumberTools> | null = null

/** The numbering plans of all countries are heavy, and most visitors scan: they come as a file of their own. */
export function loadNumberTools(): Promise<NumberTools> {
  loading ??= import('./number-tools.js').catch((error: unknown) => {
    // the next try asks anew
    loading = null
    throw error
  })
  return loading
}
