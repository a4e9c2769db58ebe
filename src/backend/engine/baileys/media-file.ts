import { DownloadGuard } from '../../prelude/whole-downloads.js'
import type { DownloadPlaces } from './download-places.js'

/** Where WhatsApp keeps files, and where Baileys looks for them. Source: `DEF_MEDIA_HOST` in its `Utils/messages-media.js`. */
export const whatsappMedia = 'https://mmg.whatsapp.net'

/** What is larger is not worth the memory of a process that serves many. */
const mostBytes = 16 * 1024 * 1024

/**
 * One file of the media server, whole.
 * @param mediaUrl where files lie; `null`: nowhere
 * @throws for what is too large, too late, cut short or not served
 */
export async function mediaFile(
  path: string | null | undefined,
  { mediaUrl, signal }: { mediaUrl: string | null; signal: AbortSignal },
): Promise<Uint8Array<ArrayBuffer>> {
  // the path of another host would be one of whoever named it
  if (mediaUrl === null || !path?.startsWith('/') || path.startsWith('//')) throw new Error('media: no file')
  const response = await fetch(mediaUrl + path, {
    signal,
    redirect: 'error',
    headers: { Origin: 'https://web.whatsapp.com' },
  })
  if (!response.ok || response.body === null) throw new Error('media: not served')
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > mostBytes) throw new Error('media: too large')
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

export type GuardedDownloadsDeps = {
  mediaUrl: string | null
  /** Of all connections of the process together. */
  places: DownloadPlaces
  /** Longest time for one file, and before it for a place. */
  limitMs: number
  /** Whether a file has come whole. */
  onFile: (came: boolean) => void
}

/** Options for Baileys, with which it gets whole files or an error, and reaches no other host. */
export function guardedDownloads({ mediaUrl, places, limitMs, onFile }: GuardedDownloadsDeps): RequestInit {
  const answer = async (url: string): Promise<Response> => {
    try {
      const { origin, pathname, search } = new URL(url)
      if (origin !== whatsappMedia) throw new Error('media: another host')
      const file = await places.within(limitMs, () =>
        mediaFile(pathname + search, { mediaUrl, signal: AbortSignal.timeout(limitMs) }),
      )
      onFile(true)
      return new Response(file)
    } catch (error) {
      onFile(false)
      throw error
    }
  }
  return Object.assign<RequestInit, object>({}, { dispatcher: new DownloadGuard(answer) })
}
