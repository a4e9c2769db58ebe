import type { Role } from '../../contract/access.js'
import type { ClaimInfo } from '../../contract/identity.js'

export type Sentences = { title: string; text: string; note: string; send: string; done: string }

const roles: Record<Role, string> = { owner: 'an owner', admin: 'an admin', member: 'a member' }

const note = 'At least 10 characters. A few words that do not belong together are good.'

/** What the page says of a link that is good. */
export function sentencesFor(info: ClaimInfo): Sentences {
  if (info.kind === 'password') {
    return {
      title: 'Choose a new password',
      text:
        'It takes the place of the one before, and every sign-in of yours ends.' +
        (info.dropsSecondFactor
          ? ' From then on you sign in without a second factor, until you set one up again.'
          : ''),
      note,
      send: 'Take this password',
      done: 'You have a new password',
    }
  }
  const { kind, workspace, role } = info
  if (kind === 'owner') {
    return {
      title: 'Become the first owner',
      text: 'This gateway has no owner yet. The first one decides who else comes in, and owns what visitors link.',
      note,
      send: 'Become the owner',
      done: 'You own this gateway',
    }
  }
  return {
    title: `Join “${workspace}”`,
    text: `You are invited as ${roles[role]}. If you have a login here already, use its e-mail and password.`,
    note: `Of your login here, or a new one. ${note}`,
    send: 'Join',
    done: `You are in “${workspace}”`,
  }
}

export const over = {
  title: 'This link is not good any more',
  text:
    'It was used, withdrawn, or came too late. Ask whoever gave it to you for a new one. ' +
    'Whoever runs the gateway makes the first owner’s with: npx whizlite owner-link, and one for a new password with: ' +
    'npx whizlite users password-link',
}

export const missing = {
  title: 'There is something missing',
  text: 'Open the whole link, with everything behind the #.',
}

export const doneText = 'You can sign in with this e-mail and password from now on.'
