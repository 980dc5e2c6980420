/** How runs fail on purpose, and what callers see of it. */
export const deadlyKinds = ['throw', 'trap', 'exit', 'terminate'] as const;

/** What the message of the run's error says. */
export const causes: Record<(typeof deadlyKinds)[number], RegExp> = {
  throw: /failed: failed on purpose/,
  trap: /failed: unreachable/,
  exit: /died: exited with code 3/,
  terminate: /died: exited with code 1/,
};

/** What the promise rejects with, and whether that took less than a second. */
export async function rejection(promise: Promise<unknown>): Promise<{ kind: string; message: string; soon: boolean }> {
  const startMs = performance.now();
  const error = await promise.then(
    () => ({ kind: 'none', message: 'resolved' }),
    (reason: { kind: string; message: string }) => reason,
  );
  return { kind: error.kind, message: error.message, soon: performance.now() - startMs < 1000 };
}
