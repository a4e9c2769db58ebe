const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as it stands in HTML, also between double quotes. */
export const textOf = (text: string): string => text.replace(/[&<>"]/g, character => entities[character] ?? character)
