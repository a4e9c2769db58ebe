/** The `code` of a Node system error such as `ENOENT`, or an empty string. */
export function errno(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
