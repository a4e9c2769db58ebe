import { el, setText } from './element.js'

export interface QrPlate {
  readonly element: HTMLElement
  show(picture: string | null): void
  /** Covers a code that no phone can use any more. */
  cover(text: string | null): void
}

const ALT = 'QR code to link your WhatsApp. Scan it with your phone: WhatsApp, Settings, Linked Devices.'

/**
 * A white plate of fixed shape. A new picture fades in over the old one inside the same box, so nothing on the
 * page moves when WhatsApp refreshes the code.
 */
export function qrPlate(): QrPlate {
  const cover = el('p', { class: 'qr-cover', hidden: '' })
  const element = el('div', { class: 'qr-plate' }, cover)
  let shown: { picture: string; image: HTMLImageElement } | null = null

  return {
    element,
    show(picture) {
      if (picture === (shown?.picture ?? null)) return
      const old = shown?.image
      shown = null
      if (picture) {
        const image = el('img', { class: 'qr', alt: ALT, width: '320', height: '320', src: picture })
        shown = { picture, image }
        element.insertBefore(image, cover)
        const reveal = (): void => {
          image.classList.add('qr-shown')
          if (old) fadeOut(old)
        }
        image.decode().then(reveal, reveal)
      } else if (old) {
        fadeOut(old)
      }
    },
    cover(text) {
      cover.hidden = text === null
      setText(cover, text ?? '')
    },
  }
}

function fadeOut(image: HTMLImageElement): void {
  image.removeAttribute('alt')
  image.setAttribute('aria-hidden', 'true')
  image.classList.remove('qr-shown')
  let removed = false
  const drop = (): void => {
    if (!removed) image.remove()
    removed = true
  }
  image.addEventListener('transitionend', drop, { once: true })
  // Without motion, or in a hidden tab, no transition ends.
  setTimeout(drop, 600)
}
