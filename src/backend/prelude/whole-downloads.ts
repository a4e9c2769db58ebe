/**
 * What is put in a request's options in place of undici's dispatcher, where `fetch` would otherwise stream from the network: it answers the
 * request itself, with a response that is finished.
 */
export class DownloadGuard {
  constructor(readonly answer: (url: string) => Promise<Response>) {}
}

/**
 * Baileys pipes what it downloads through a decipher and listens to errors of the last stream only: a line that breaks in the middle of a
 * body is an uncaught exception and ends the process. What it fetches with a guard in its options never reaches the network by itself. Where
 * this does not run, `fetch` refuses such a request. Source: `downloadEncryptedContent` in `lib/Utils/messages-media.js` of the pinned version.
 */
export function guardDownloads(): void {
  const open = globalThis.fetch
  globalThis.fetch = (input, init) => {
    const guard: unknown = init && Reflect.get(init, 'dispatcher')
    if (!(guard instanceof DownloadGuard)) return open(input, init)
    return guard.answer(input instanceof Request ? input.url : String(input))
  }
}

guardDownloads()
