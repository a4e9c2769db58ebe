/** A promise that somebody else settles; only the first time counts. */
export class Deferred<Value> {
  readonly promise: Promise<Value>
  resolve: (value: Value) => void = () => {}

  constructor() {
    this.promise = new Promise(resolve => (this.resolve = resolve))
  }
}
