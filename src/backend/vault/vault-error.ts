/** Why sealing or opening was refused. Stable: a code is never reused for another meaning. */
export type VaultErrorCode =
  | 'weak_secret'
  | 'wrong_key'
  | 'tampered'
  | 'unknown_format'
  | 'unknown_key'
  | 'data_key_missing'
  | 'key_exhausted'
  | 'not_json'

const SENTENCES: Record<VaultErrorCode, string> = {
  weak_secret: 'The session secret must have at least 32 bytes.',
  wrong_key: 'The session secret is not the one this database was sealed with.',
  tampered: 'Sealed data was changed or belongs to another place; it was not opened.',
  unknown_format: 'Sealed data has a format this version does not know.',
  unknown_key: 'Sealed data names a data key that does not belong here.',
  data_key_missing: 'There is no data key for this session or workspace.',
  key_exhausted: 'This data key has sealed as much as one key may; a new one is needed.',
  not_json: 'Only JSON values can be sealed as JSON.',
}

/** Sealing or opening failed. Never a null, never a plaintext instead; the message holds no data. */
export class VaultError extends Error {
  override readonly name = 'VaultError'

  constructor(readonly code: VaultErrorCode) {
    super(SENTENCES[code])
  }
}
