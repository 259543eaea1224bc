/** `npm run nightly` repeats for longer what CI shows. */
export const isNightly = process.env["TEST_LENGTH"] === "nightly";
