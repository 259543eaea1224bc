/** Kills a process, or with a negative number all processes of a group. */
export function kill(id: number): void {
  try {
    process.kill(id, "SIGKILL");
  } catch {
    // It has ended.
  }
}
