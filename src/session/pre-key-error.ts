/** Why a pre-key operation was refused. */
export type PreKeyErrorCode = 'bad_seed' | 'bad_id' | 'foreign_key' | 'id_reused' | 'ids_exhausted'

const SENTENCES: Record<PreKeyErrorCode, string> = {
  bad_seed: 'The pre-key seed must be 32 bytes.',
  bad_id: 'A pre-key id must be a whole number from 1 to 16777215.',
  foreign_key: 'A pre-key differs from the one its seed gives for that id; it was not stored.',
  id_reused: 'A pre-key id that was already used cannot be stored again.',
  ids_exhausted: 'All pre-key ids of this session are used up; link the account again.',
}

/** A refused pre-key operation. Says which rule was broken, never key material. */
export class PreKeyError extends Error {
  override readonly name = 'PreKeyError'

  constructor(readonly code: PreKeyErrorCode) {
    super(SENTENCES[code])
  }
}
