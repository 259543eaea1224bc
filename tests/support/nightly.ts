/** `npm run nightly` runs CI's repeating checks for longer. */
export const isNightly = process.env["TEST_LENGTH"] === "nightly";
