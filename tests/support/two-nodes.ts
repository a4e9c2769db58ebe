import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { createClient, type Client } from '../../src/client/index.js'
import type { Phone } from '../../src/simulator/index.js'
import { Operator } from './operator.js'
import { pictureOf } from './picture-of.js'
import { Rows } from './rows.js'
import { SecondNode } from './second-node.js'
import { TestGateway, type TestGatewayOptions } from './test-gateway.js'

/** Two nodes on one database, and a program of the operator's that asks either. */
export class TwoNodes implements AsyncDisposable {
  readonly rows: Rows
  /** Asks the node that runs what it has linked … */
  readonly here: Operator
  /** … and the one that does not. */
  readonly there: Operator
  #number = 254_700_001_000

  private constructor(
    readonly gateway: TestGateway,
    readonly other: SecondNode,
    readonly token: string,
  ) {
    this.rows = new Rows(gateway.database.ownerUrl)
    this.here = new Operator(gateway.url, token)
    this.there = new Operator(other.url, token)
  }

  static async start({ env, ...options }: TestGatewayOptions = {}): Promise<TwoNodes> {
    const token = randomBytes(32).toString('hex')
    const gateway = await TestGateway.start({ ...options, env: { WHATSAPP_SERVICE_TOKEN: token, ...env } })
    return new TwoNodes(gateway, await SecondNode.start(gateway), token)
  }

  /** With a number of its own. */
  phone(): Promise<Phone> {
    return this.gateway.simulator.phone(String(++this.#number))
  }

  /** Has the service link an account by QR, until that is complete. */
  async link(how: Parameters<Client['sessions']['link']>[0] = {}): Promise<{ phone: Phone; sessionId: string }> {
    const phone = await this.phone()
    const client = createClient({ url: this.gateway.url, token: this.token })
    const { sessionId, link, ...started } = await client.sessions.link(how)
    expect(started).toMatchObject({ state: 'linking', status: 'connecting' })
    await phone.scanPicture(pictureOf(link?.qrCode ?? ''))
    const complete = `select from link_attempts where session_id = $1 and phase = 'complete'`
    await this.rows.waitFor(complete, [sessionId], 60_000)
    return { phone, sessionId }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows[Symbol.asyncDispose]()
    await this.other[Symbol.asyncDispose]()
    await this.gateway[Symbol.asyncDispose]()
  }
}
