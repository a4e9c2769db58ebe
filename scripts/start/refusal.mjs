/** Something a person can mend: its message is printed without a stack. */
export class Refusal extends Error {}
