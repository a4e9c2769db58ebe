import type { Env } from './env.js'

/** What is wrong with settings that have to be given in production, a line each, the secrets apart. */
export function productionProblems(env: Env): string[] {
  if (env.NODE_ENV !== 'production') return []
  const problems: string[] = []
  // without it neither the cookie's Secure nor the origin of a request could be known
  if (env.PUBLIC_URL === undefined) {
    problems.push('PUBLIC_URL is not set. It is the https address that people use, such as https://link.example.com')
  }
  if (env.PUBLIC_URL?.startsWith('http:')) problems.push('PUBLIC_URL must be https in production')
  if (env.FRONTEND_URL.some(origin => origin.startsWith('http:'))) {
    problems.push(
      'FRONTEND_URL must be https in production, or whoever listens on the way would read what those pages are told',
    )
  }
  // this server speaks http alone, so whatever speaks https for it stands in front
  if (env.TRUST_PROXY === undefined) {
    problems.push(
      'TRUST_PROXY is not set. It says where the proxy is that speaks https for this server, such as loopback or 10.0.0.0/8; none, if it forwards no addresses',
    )
  }
  return problems
}
