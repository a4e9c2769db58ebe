import { Router, type RequestHandler } from 'express'
import { createApp, type App } from '../../src/backend/app.js'
import type { Config } from '../../src/backend/config/config.js'
import { createLog } from '../../src/backend/log.js'
import type { TestGateway } from './test-gateway.js'
import { Visitor } from './visitor.js'

export type SecondNodeOptions = {
  pages?: RequestHandler
  /** What is other than on the gateway, also what no environment could say. */
  config?: Partial<Config>
}

/** Another node on a gateway's database, in this process. */
export class SecondNode implements AsyncDisposable {
  private constructor(
    private readonly app: App,
    readonly url: string,
  ) {}

  static async start(gateway: TestGateway, { pages = Router(), config }: SecondNodeOptions = {}): Promise<SecondNode> {
    const { codeAnswerMs } = gateway
    const log = createLog({ level: 'silent' })
    const app = await createApp({ ...gateway.config, ...config }, { log, pages, codeAnswerMs })
    return new SecondNode(app, `http://127.0.0.1:${await app.start()}`)
  }

  visitor(cookie: string | null): Visitor {
    return new Visitor(this.url, cookie)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]()
  }
}
