import { readFileSync } from 'node:fs'

/** The version of this package: its manifest lies two folders up, from the sources as from the build. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
