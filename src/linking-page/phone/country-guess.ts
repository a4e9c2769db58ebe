/** What a browser knows about where its visitor may be. */
export interface Whereabouts {
  timeZone: string
  languages: readonly string[]
}

/**
 * The country of the clock, then of the language. Nothing is asked of a server and no permission is needed.
 * @param countries two-letter codes to choose from
 * @param zonesOf the time zones of a country; empty where the browser does not know
 * @returns null when nothing points anywhere
 */
export function guessCountry(
  { timeZone, languages }: Whereabouts,
  countries: readonly string[],
  zonesOf: (country: string) => readonly string[] = timeZonesOf,
): string | null {
  const known = new Set(countries)
  const spoken = languages.flatMap(language => regionOf(language) ?? []).filter(region => known.has(region))
  const here = countries.filter(country => zonesOf(country).includes(timeZone))
  return spoken.find(region => here.includes(region)) ?? here[0] ?? spoken[0] ?? null
}

/** Only a region that the language names: “en” alone says nothing about a country. */
function regionOf(language: string): string | null {
  try {
    return new Intl.Locale(language).region ?? null
  } catch {
    return null
  }
}

type LocaleWithZones = Intl.Locale & { getTimeZones?: () => string[] | undefined; timeZones?: string[] }

/** Older browsers have a property for it, the oldest nothing. */
function timeZonesOf(country: string): readonly string[] {
  const locale: LocaleWithZones = new Intl.Locale('und', { region: country })
  return locale.getTimeZones?.() ?? locale.timeZones ?? []
}
