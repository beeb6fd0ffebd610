/** So many times the quiet that a file needs is the longest wait for it, while one event follows another. */
export const LONGEST = 5;
