import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { PhonesError } from '../phones/phones-error.js'
import type { Phones } from '../phones/phones.js'
import type { PhonesWatch } from '../phones/phones-watch.js'
import { sendEvents } from './events.js'
import { readJson, readPicture } from './request-body.js'

const PhoneNumber = z.string().regex(/^\d{5,20}$/)
const NewPhone = z.strictObject({})
const NewMessage = z.strictObject({ to: PhoneNumber, text: z.string().trim().min(1).max(4096) })
const TypedCode = z.strictObject({ code: z.string().max(40) })
const Reading = z.strictObject({ chat: PhoneNumber })
const Connection = z.strictObject({ online: z.boolean() })

export type PhonesApiDeps = { phones: Phones; watch: PhonesWatch }

/** Answers one request below `/demo/api`. @throws PhonesError */
export type PhonesApi = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>

type Handler = (request: IncomingMessage, ids: string[]) => Promise<unknown>

/**
 * `GET phones`, `GET events`, `POST phones`, and below `phones/<number>/`: `POST scan` (the body is a PNG), `POST code`, `POST messages`, `POST read`,
 * `PUT connection`, `DELETE devices/<id>`.
 */
export function phonesApi({ phones, watch }: PhonesApiDeps): PhonesApi {
  const one = String.raw`^phones/(\d{5,20})`
  const routes: [method: string, path: RegExp, handle: Handler][] = [
    ['GET', /^phones$/, () => phones.view()],
    [
      'POST',
      /^phones$/,
      async request => {
        NewPhone.parse(await readJson(request))
        return phones.add()
      },
    ],
    ['POST', new RegExp(`${one}/scan$`), async (request, [id = '']) => phones.scan(id, await readPicture(request))],
    [
      'POST',
      new RegExp(`${one}/code$`),
      async (request, [id = '']) => phones.enterCode(id, TypedCode.parse(await readJson(request)).code),
    ],
    [
      'POST',
      new RegExp(`${one}/messages$`),
      async (request, [id = '']) => {
        const { to, text } = NewMessage.parse(await readJson(request))
        return phones.send(id, to, text)
      },
    ],
    [
      'POST',
      new RegExp(`${one}/read$`),
      async (request, [id = '']) => phones.read(id, Reading.parse(await readJson(request)).chat),
    ],
    [
      'PUT',
      new RegExp(`${one}/connection$`),
      async (request, [id = '']) => phones.setOnline(id, Connection.parse(await readJson(request)).online),
    ],
    [
      'DELETE',
      new RegExp(`${one}/devices/(\\d{1,5})$`),
      async (_, [id = '', device]) => phones.unlink(id, Number(device)),
    ],
  ]

  return async (request, response, path) => {
    if (path === 'events' && request.method === 'GET') {
      sendEvents(request, response, watch)
      return
    }
    const matching = routes.filter(([, pattern]) => pattern.test(path))
    const [, pattern, handle] = matching.find(([method]) => method === request.method) ?? []
    if (pattern === undefined || handle === undefined) throw noSuchRoute(matching.length > 0)
    try {
      const answer = await handle(request, pattern.exec(path)?.slice(1) ?? [])
      if (request.method !== 'GET') watch.nudge()
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(JSON.stringify(answer ?? {}))
    } catch (error) {
      throw error instanceof z.ZodError ? new PhonesError('bad_request', 400, 'A field is not as it should be.') : error
    }
  }
}

function noSuchRoute(otherMethod: boolean): PhonesError {
  return otherMethod
    ? new PhonesError('method_not_allowed', 405, 'This address does not take this method.')
    : new PhonesError('not_found', 404, 'There is nothing at this address.')
}
