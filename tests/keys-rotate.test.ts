import { expect, test } from 'vitest'
import { CliProcess } from './support/cli-process.js'
import { TestGateway } from './support/test-gateway.js'

test('who runs it without the former secret is told so, and not that all is done', async () => {
  await using gateway = await TestGateway.start()
  await using cli = new CliProcess(['keys', 'rotate'], { env: gateway.env })
  expect(await cli.exited).toBe(1)
  expect(cli.output).toContain('no former secret is known here')
  expect(cli.output).not.toContain('Take WHATSAPP_SESSION_SECRET_PREVIOUS out')
})
