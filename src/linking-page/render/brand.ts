import type { Screen } from '../screen.js'
import { outwardLink, setText } from './element.js'

export interface Brand {
  show(screen: Pick<Screen, 'logoUrl' | 'ownerUrl' | 'supportUrl'>): void
}

export interface BrandParts {
  logo: HTMLImageElement
  ownLogo: string
  /** A line of the footer, hidden until there is something to say. */
  people: HTMLElement
}

/** The operator's logo, and who runs this gateway and helps. A logo that cannot be loaded gives way to the page's own. */
export function brandView({ logo, ownLogo, people }: BrandParts): Brand {
  const badLogos = new Set<string>()
  logo.addEventListener('error', () => {
    badLogos.add(logo.getAttribute('src') ?? '')
    if (!badLogos.has(ownLogo)) logo.src = ownLogo
  })
  const owner = outwardLink('', 'footer-link')
  const support = outwardLink('Get support', 'footer-link')
  const ownerName = document.createElement('span')
  owner.prepend(ownerName)

  return {
    show({ logoUrl, ownerUrl, supportUrl }) {
      const wanted = logoUrl ?? ownLogo
      if (logo.getAttribute('src') !== wanted && !badLogos.has(wanted)) logo.src = wanted
      const lines: (Node | string)[] = []
      if (ownerUrl !== null) {
        owner.href = ownerUrl
        setText(ownerName, ownerUrl.replace(/^(https?:\/\/(www\.)?|mailto:)/i, '').replace(/\/$/, ''))
        lines.push('Owner: ', owner)
      }
      if (supportUrl !== null) {
        support.href = supportUrl
        if (lines.length > 0) lines.push(' · ')
        lines.push(support)
      }
      if (people.childNodes.length !== lines.length) people.replaceChildren(...lines)
      people.hidden = lines.length === 0
    },
  }
}
