import { expect } from 'vitest'
import { GatewayProcess } from './gateway-process.js'

export type Refusal = { code: number | NodeJS.Signals; lines: string[] }

/** Starts a gateway that is expected to end by itself. */
export async function refusedStart(env: Record<string, string>): Promise<Refusal> {
  await using gateway = new GatewayProcess({ PORT: '0', LOG_LEVEL: 'debug', ...env })
  const code = await gateway.exited
  return { code, lines: gateway.output.split('\n').filter(line => line !== '') }
}

/** Exit code 1 and nothing but sentences for people: no stack, no JSON, none of the values. */
export function expectRefused({ code, lines }: Refusal, problems: readonly RegExp[], values: readonly string[]): void {
  expect({ code, lines }).toEqual({ code: 1, lines: problems.map(problem => expect.stringMatching(problem)) })
  const text = lines.join('\n')
  expect(text).not.toMatch(/\bat .+:\d+|node_modules|\{|Error:/)
  for (const value of values.filter(given => given.length > 3)) expect(text).not.toContain(value)
}

/** Without what the log says. */
export function sentencesOf({ code, lines }: Refusal): Refusal {
  return { code, lines: lines.filter(line => !line.startsWith('{')) }
}
