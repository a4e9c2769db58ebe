/** What a phone's camera sees of the linking page. */
export interface LinkingFrame {
  /** The address of the code's picture that a visitor sees now; null while none is shown. */
  picture(): string | null
}

const PICTURE = 'data:image/png;base64,'

/** The frame has this page's own origin, so its picture can be read as a visitor sees it: the newest one that is not on its way out. */
export function createLinkingFrame(frame: HTMLIFrameElement): LinkingFrame {
  return {
    picture() {
      const images = [...(frame.contentDocument?.images ?? [])]
      const shown = images.filter(image => image.src.startsWith(PICTURE) && image.ariaHidden !== 'true')
      return shown.at(-1)?.src ?? null
    },
  }
}

/** The PNG behind its `data:` address. */
export function pictureBytes(address: string): Blob {
  const text = atob(address.slice(PICTURE.length))
  return new Blob([Uint8Array.from(text, character => character.charCodeAt(0))], { type: 'image/png' })
}
