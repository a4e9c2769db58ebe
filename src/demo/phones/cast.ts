/** Who is in the demo. The numbers are invented: a block of Kenya's mobile range that nobody is called at here. */
const NAMES = ['Amina', 'Juma', 'Wanjiru', 'Otieno', 'Zawadi', 'Baraka', 'Neema', 'Kamau'] as const

/** Phones that are there from the start. */
const AT_THE_START = 2

export type CastMember = { phoneNumber: string; name: string }

const cast: readonly CastMember[] = NAMES.map((name, index) => ({
  phoneNumber: `2547000000${String(index + 11)}`,
  name,
}))

export const firstPhones: readonly CastMember[] = cast.slice(0, AT_THE_START)

/** Who gets the next phone; null when everybody has one. */
export function nextInCast(taken: readonly string[]): CastMember | null {
  return cast.find(({ phoneNumber }) => !taken.includes(phoneNumber)) ?? null
}
