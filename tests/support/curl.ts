/** A shell's words, as far as the page needs a shell: quotes, continued lines, variables. */
function words(command: string, variables: Record<string, string>): string[] {
  const found = command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|(\S+)/g)
  return [...found].map(([, single, double, plain]) => {
    if (single !== undefined) return single
    return (double ?? plain ?? '')
      .replaceAll(/\$([A-Z_]+)/g, (_, name: string) => variables[name] ?? '')
      .replaceAll(/\\(.)/g, '$1')
  })
}

/** Does what a `curl` of our documents does. @throws Error for another program */
export async function curl(
  command: string,
  variables: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  const [program, ...given] = words(command, variables)
  if (program !== 'curl') throw new Error('This is not curl.')
  let method = 'GET'
  let url = ''
  let body: string | null = null
  const headers = new Headers()
  while (given.length > 0) {
    const word = given.shift() ?? ''
    const value = () => given.shift() ?? ''
    if (word === '-X') method = value()
    else if (word === '-d') body = value()
    else if (word === '-H') headers.append(...(value().split(/: /, 2) as [string, string]))
    else if (word !== '-s') url = word
  }
  const response = await fetch(url, { method, headers, ...(body !== null && { body }) })
  return { status: response.status, body: await response.json() }
}
