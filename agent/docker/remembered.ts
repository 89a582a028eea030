// Answers that are byte for byte those of before are the same object as before: most of what a look sees has not changed, so it
// need not be parsed again, and whoever compares sees at once that nothing moved.

/** Answers beyond this are not kept: long lists change with every minute anyhow. */
const KEPT_CHARACTERS = 32 * 1024;
const KEPT_ANSWERS = 512;

export interface Remembered {
  /** `parse(text)`, or what it gave for the same `text` under this key last time. */
  parse(key: string, text: string, parse: (text: string) => unknown): unknown;
}

export function createRemembered(): Remembered {
  const answers = new Map<string, { readonly text: string; readonly value: unknown }>();
  return {
    parse(key, text, parse) {
      const known = answers.get(key);
      const value = known?.text === text ? known.value : parse(text);
      answers.delete(key);
      if (text.length <= KEPT_CHARACTERS) answers.set(key, { text, value });
      if (answers.size > KEPT_ANSWERS) dropOldest(answers);
      return value;
    },
  };
}

export function dropOldest(answers: Map<string, unknown>): void {
  for (const key of answers.keys()) {
    answers.delete(key);
    return;
  }
}
