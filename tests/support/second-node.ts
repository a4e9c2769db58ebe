import { Router } from 'express'
import { createApp, type App } from '../../src/backend/app.js'
import { createLog } from '../../src/backend/log.js'
import type { TestGateway } from './test-gateway.js'
import { Visitor } from './visitor.js'

/** Another node on a gateway's database, in this process. */
export class SecondNode implements AsyncDisposable {
  private constructor(
    private readonly app: App,
    readonly url: string,
  ) {}

  static async start(gateway: TestGateway): Promise<SecondNode> {
    const app = await createApp(gateway.config, { log: createLog({ level: 'silent' }), pages: Router() })
    return new SecondNode(app, `http://127.0.0.1:${await app.start()}`)
  }

  visitor(cookie: string | null): Visitor {
    return new Visitor(this.url, cookie)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]()
  }
}
