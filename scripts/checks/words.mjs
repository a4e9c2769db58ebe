import { matchingLines, textsOf } from './tree.mjs'

/** Written with groups so that this file does not find itself. */
const UNWANTED = [
  { what: 'a mark for later; write an issue instead', pattern: /\b(?:TO(?:DO)|FIX(?:ME)|XX(?:X)|HA(?:CK))\b/ },
  { what: 'a path of one machine', pattern: /(?:^|[\s"'`(=])\/(?:work|farm|home|Users|root)\/[\w.-]/ },
  { what: 'a path of one machine', pattern: /(?:^|[\s"'`(=])\/tmp\/\w/ },
  { what: 'a path of one machine', pattern: /\b[A-Z]:\\Users\\/ },
  { what: 'a merge that was left unfinished', pattern: /^(?:<{7}|>{7})(?: |$)/ },
  { what: 'a test that does not run, or runs alone', pattern: /\b(?:it|test|describe)\.(?:only|skip|todo|fails)\(/ },
]

/**
 * Words that belong to one person's desk and not to the repository.
 * @returns {import('./tree.mjs').Finding[]}
 */
export function words(root) {
  return textsOf(root).flatMap(source =>
    UNWANTED.flatMap(({ what, pattern }) => matchingLines(source, pattern, () => `has ${what}`)),
  )
}
