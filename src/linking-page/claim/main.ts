import type { ClaimInfo } from '../../contract/identity.js'
import { ask, isRecord, readClaimInfo } from './ask.js'
import { doneText, missing, over, sentencesFor } from './sentences.js'

const auth = '/api/v1/auth'

function part<T extends HTMLElement>(id: string, type: abstract new (...args: never[]) => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new TypeError(`The page has no #${id}`)
  return element
}

const title = part('title', HTMLElement)
const text = part('text', HTMLElement)
const form = part('form', HTMLFormElement)
const problem = part('problem', HTMLElement)
const send = part('send', HTMLButtonElement)
const name = part('name', HTMLInputElement)
const email = part('email', HTMLInputElement)
const password = part('password', HTMLInputElement)
const code = part('code', HTMLInputElement)
const codePart = part('code-part', HTMLElement)

/** Behind the #, which no browser sends to a server. */
const token = location.hash.slice(1)

let waiting = false

function say(sentences: { title: string; text: string }, focus = true): void {
  title.textContent = sentences.title
  text.textContent = sentences.text
  document.title = `${sentences.title} – WHIZ LITE`
  if (focus) title.focus()
}

function tell(message: string | null): void {
  problem.textContent = message
  problem.hidden = message === null
}

function wait(on: boolean): void {
  waiting = on
  send.setAttribute('aria-disabled', String(on))
}

function asked({ kind }: ClaimInfo): ReturnType<typeof ask> {
  if (kind === 'password') return ask(`${auth}/new-password`, { token, password: password.value })
  const given = { token, name: name.value, email: email.value, password: password.value }
  if (kind === 'owner') return ask(`${auth}/first-owner`, given)
  return ask(`${auth}/accept-invitation`, { ...given, ...(code.value !== '' && { code: code.value }) })
}

async function claim(info: ClaimInfo, done: string): Promise<void> {
  if (waiting) return
  wait(true)
  tell(null)
  const answer = await asked(info)
  wait(false)
  if (!answer.refused) {
    form.remove()
    history.replaceState(null, '', location.pathname)
    say({ title: done, text: doneText })
    part('next', HTMLElement).hidden = false
    return
  }
  if (answer.code === 'link_over') return close()
  tell(answer.message)
  if (answer.code !== 'second_factor_required') return
  codePart.hidden = false
  code.required = true
  code.focus()
}

function close(): void {
  form.remove()
  say(over)
}

function open(info: ClaimInfo): void {
  const { note, send: label, done, ...sentences } = sentencesFor(info)
  part('password-note', HTMLElement).textContent = note
  send.textContent = label
  if (info.email !== null) {
    email.value = info.email
    email.readOnly = true
  }
  if (info.kind === 'password') {
    name.disabled = true
    part('name-part', HTMLElement).hidden = true
  }
  form.hidden = false
  say(sentences, false)
  form.addEventListener('submit', event => {
    event.preventDefault()
    void claim(info, done)
  })
}

async function showOwnLogo(): Promise<void> {
  const settings: unknown = await (await fetch('/api/page-settings')).json()
  const url = isRecord(settings) ? settings['logoUrl'] : null
  if (typeof url === 'string') part('logo', HTMLImageElement).src = url
}

async function run(): Promise<void> {
  showOwnLogo().catch(() => undefined)
  if (token === '') return say(missing)
  const answer = await ask(`${auth}/claim-info`, { token })
  if (answer.refused) {
    if (answer.code === 'link_over') return close()
    return say({ title: 'That did not work', text: answer.message })
  }
  const info = readClaimInfo(answer.body)
  if (info === null) return say({ title: 'That did not work', text: 'The server answered something else.' })
  open(info)
}

// another link opened in the same tab changes what stands behind the # alone
addEventListener('hashchange', () => location.reload())
void run()
