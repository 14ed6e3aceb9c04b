/** Runs work whole or not at all, and work within it likewise; `run` takes one statement. */
export function nestTransactions(run: (sql: string) => void): <T>(work: () => T) => T {
  let depth = 0;
  return (work) => {
    const name = `t${depth}`;
    run(`savepoint ${name}`);
    depth += 1;
    try {
      const result = work();
      run(`release ${name}`);
      return result;
    } catch (error) {
      run(`rollback to ${name}`);
      run(`release ${name}`);
      throw error;
    } finally {
      depth -= 1;
    }
  };
}
