/** Questions over a pipe of messages, each with a number that its answer carries. */
export class Calls<Answer> {
  readonly #open = new Map<number, (answer: Answer | undefined) => void>();
  #last = 0;

  /** Sends with `send`, and resolves with the answer; undefined: none came in `ms`, or will come. */
  async ask(send: (call: number) => void, ms?: number): Promise<Answer | undefined> {
    this.#last += 1;
    const call = this.#last;
    const timer = ms === undefined ? undefined : setTimeout(() => this.answer(call, undefined), ms);
    const answer = new Promise<Answer | undefined>((resolve) => this.#open.set(call, resolve));
    send(call);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** One that nobody waits for any more is dropped. */
  answer(call: number, answer: Answer | undefined): void {
    this.#open.get(call)?.(answer);
    this.#open.delete(call);
  }

  /** Nothing will be answered any more. */
  end(): void {
    for (const call of [...this.#open.keys()]) this.answer(call, undefined);
  }
}
