import type { PhoneNumber } from '../../contract/phone-number.js'
import { caretAfter, significantBefore } from '../phone/caret.js'
import type { NumberTools } from '../phone/load-tools.js'
import { loadNumberTools } from '../phone/load-tools.js'
import { el, setText } from './element.js'

const NOTE = 'The number of the phone whose WhatsApp you want to link.'
const NOT_LOADED = 'The check of the number could not be loaded. Look at your connection, then press the button again.'

export interface NumberForm {
  readonly element: HTMLFormElement
  readonly input: HTMLInputElement
  /** Loads what it needs, once; and shows what is wrong with the number, or nothing. */
  show(problem: string | null): void
}

/**
 * Country, number, one button. The number is looked at here, before anything is sent, and only in its form: nobody is asked whether
 * it is on WhatsApp.
 */
export function numberForm(onNumber: (number: PhoneNumber) => void): NumberForm {
  const placeholder = el('option', { value: '' }, 'Choose a country')
  const select = el('select', { id: 'country', class: 'field' }, placeholder)
  const input = el('input', {
    id: 'phone-number',
    class: 'field',
    type: 'tel',
    autocomplete: 'tel',
    inputmode: 'tel',
    enterkeyhint: 'go',
    maxlength: '40',
    'aria-describedby': 'phone-number-note',
  })
  const note = el('p', { id: 'phone-number-note', class: 'field-note' }, NOTE)
  const send = el('button', { type: 'submit', class: 'button button-primary' }, 'Get a pairing code')
  const element = el(
    'form',
    { class: 'number-form', novalidate: '', 'aria-label': 'Link with a pairing code' },
    el('label', { for: 'country', class: 'field-label' }, 'Country'),
    select,
    el('label', { for: 'phone-number', class: 'field-label' }, 'Phone number'),
    input,
    note,
    send,
  )
  let tools: NumberTools | null = null

  function tell(problem: string | null): void {
    setText(note, problem ?? NOTE)
    note.classList.toggle('field-problem', problem !== null)
    if (problem === null) input.removeAttribute('aria-invalid')
    else input.setAttribute('aria-invalid', 'true')
  }

  async function ready(): Promise<NumberTools> {
    if (tools) return tools
    const loaded = await loadNumberTools()
    if (tools) return tools
    tools = loaded
    select.append(...loaded.listCountries().map(({ code, label }) => el('option', { value: code }, label)))
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
    select.value = loaded.likelyCountry({ timeZone, languages: navigator.languages }) ?? ''
    format(loaded)
    return loaded
  }

  function format(using: NumberTools): void {
    const { value, selectionStart } = input
    const before = significantBefore(value, selectionStart ?? value.length)
    const atEnd = selectionStart === null || selectionStart === value.length
    const { text, country } = using.formatTyped(value, using.supported(select.value))
    if (country !== null) select.value = country
    if (text === value) return
    input.value = text
    const caret = atEnd ? text.length : caretAfter(text, before)
    if (document.activeElement === input) input.setSelectionRange(caret, caret)
  }

  async function submit(): Promise<void> {
    const loaded = await ready().catch(() => null)
    if (!loaded) return tell(NOT_LOADED)
    const read = loaded.readPhoneNumber(input.value, loaded.supported(select.value) ?? undefined)
    if (!('problem' in read)) {
      tell(null)
      // the digits may say better than the guess where the number belongs
      const country = loaded.supported(read.country ?? null)
      if (country !== null) select.value = country
      onNumber(read)
      return
    }
    tell(read.message)
    input.focus()
  }

  input.addEventListener('input', event => {
    tell(null)
    // while a character is being composed, its text belongs to the keyboard
    if (tools && !(event instanceof InputEvent && event.isComposing)) format(tools)
  })
  input.addEventListener('compositionend', () => tools && format(tools))
  select.addEventListener('change', () => {
    tell(null)
    const country = tools?.supported(select.value)
    if (tools && country) input.value = tools.moveToCountry(input.value, country)
  })
  element.addEventListener('submit', event => {
    event.preventDefault()
    void submit()
  })

  return {
    element,
    input,
    show(problem) {
      void ready().catch(() => null)
      if (problem !== null) tell(problem)
    },
  }
}
