/** As much of JSON Schema 2020-12 as says which shape something has. */
export type Schema = {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
}
type Content = Record<string, { schema: Schema }>
type Parameter = { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema }
export type OpenApi = {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string
        parameters: (Parameter | { $ref: string })[]
        requestBody?: { required: boolean; content: Content }
        responses: Record<string, { content?: Content }>
      }
    >
  >
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> }
}

const literals = (values: readonly unknown[]): string => values.map(value => JSON.stringify(value)).join(' | ')
const bracketed = (schemas: readonly Schema[], sign: string) => schemas.map(each => `(${typeOf(each)})`).join(sign)

/** @throws for a schema that says nothing about its shape, but for `{}`, which is anything */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/components/schemas/', '')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return literals(schema.enum)
  if (schema.allOf) return bracketed(schema.allOf, ' & ')
  const several = schema.anyOf ?? schema.oneOf
  if (several) return bracketed(several, ' | ')
  if (Array.isArray(schema.type)) return schema.type.map(type => typeOf({ ...schema, type })).join(' | ')
  if (schema.type === 'object') return objectType(schema)
  if (schema.type === 'array') return `(${schema.items ? typeOf(schema.items) : 'unknown'})[]`
  if (schema.type === 'integer') return 'number'
  if (schema.type !== undefined && ['string', 'number', 'boolean', 'null'].includes(schema.type)) return schema.type
  const { $schema: _, ...rest } = schema as Record<string, unknown>
  if (Object.keys(rest).length > 0) throw new Error(`No shape can be read from ${JSON.stringify(schema)}.`)
  return 'unknown'
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  )
  if (fields.length === 0 && typeof additionalProperties === 'object')
    return `Record<string, ${typeOf(additionalProperties)}>`
  return fields.length === 0 && additionalProperties === false ? 'Record<string, never>' : `{ ${fields.join('; ')} }`
}

/** A module in TypeScript with a function for every operation, named by its id. Each takes `fetch` and the gateway's address. */
export function generateClient({ paths, components }: OpenApi): string {
  const types = Object.entries(components.schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema)}`)
  const functions = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, requestBody, responses }]) => {
      const known = parameters.map(each =>
        '$ref' in each ? components.parameters[each.$ref.split('/').at(-1) ?? ''] : each,
      )
      const part = (where: Parameter['in']) =>
        partType(
          known.filter((each): each is Parameter => each?.in === where),
          where,
        )
      const body = requestBody?.content['application/json']
      const bodyType = body && requestBody ? [`body${requestBody.required ? '' : '?'}: ${typeOf(body.schema)}`] : []
      const answer = Object.values(responses['200']?.content ?? {})[0]
      const input = [part('path'), part('query'), part('header'), ...bodyType].filter(text => text !== '').join('; ')
      return `export const ${operationId} = (send: Send, input: { ${input} }): Promise<${answer ? typeOf(answer.schema) : 'void'}> =>
  send(${JSON.stringify(method.toUpperCase())}, ${JSON.stringify(path)}, input) as Promise<never>`
    }),
  )
  return [
    'export type Send = (method: string, path: string, input: object) => Promise<unknown>',
    ...types,
    ...functions,
    '',
  ].join('\n')
}

function partType(parameters: readonly Parameter[], where: string): string {
  if (parameters.length === 0) return ''
  const isNeeded = parameters.some(({ required }) => required === true)
  const fields = parameters.map(
    ({ name, required, schema }) => `${JSON.stringify(name)}${required === true ? '' : '?'}: ${typeOf(schema)}`,
  )
  return `${where}${isNeeded ? '' : '?'}: { ${fields.join('; ')} }`
}
