/** The monotonic clock may stand still while a machine sleeps, the other may be set: whichever went further. */
const bornMs = Date.now();
export const elapsedMs = () => Math.max(performance.now(), Date.now() - bornMs);
