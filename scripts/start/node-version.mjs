/**
 * Whether a version satisfies a range made of `^a.b.c` and `>=a.b.c` joined by `||`, the only forms package.json uses here.
 *
 * @param {string} version such as `20.19.0`
 * @param {string} range
 */
export function satisfies(version, range) {
  const have = numbers(version)
  return range.split('||').some(function (part) {
    const wanted = numbers(part.replace(/[^\d.]/g, ''))
    if (part.includes('^') && have[0] !== wanted[0]) return false
    for (let index = 0; index < 3; index += 1) {
      if (have[index] !== wanted[index]) return have[index] > wanted[index]
    }
    return true
  })
}

function numbers(version) {
  const parts = version.split('.').map(Number)
  return [parts[0] || 0, parts[1] || 0, parts[2] || 0]
}
