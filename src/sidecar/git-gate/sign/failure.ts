/** A push can't be signed, so it isn't sent; printable. */
export class SignFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SignFailure";
  }
}
