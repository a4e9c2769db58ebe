/**
 * One name for a subscriber whose number is written in two lengths, and by either of which WhatsApp may name an account: with Brazil's
 * ninth digit after the area code, Mexico's 1 or Argentina's 9 before it, or without. Every other number is its own.
 *
 * @param digits with the country code
 */
export function subscriberOf(digits: string): string {
  return digits
    .replace(/^521(\d{10})$/, '52$1')
    .replace(/^549(\d{10})$/, '54$1')
    .replace(/^55(\d{2})9([6-9]\d{7})$/, '55$1$2')
}
