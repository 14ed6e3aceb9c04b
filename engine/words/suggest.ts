/** Longer words are not compared: the work grows with the square of the length. */
const lengthMax = 100;

/**
 * How many letters were typed wrong, were left out, are too many or stand before their neighbour,
 * cut off at `most`: names are short, lists are short.
 */
function distanceOf(left: string, right: string, most: number): number {
  if (Math.abs(left.length - right.length) > most) return most + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1;
      const isTurned = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + cost,
        isTurned ? (beforePrevious[column - 2] ?? most) + 1 : most + 1,
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** How many letters may differ: of a short word only one, as two would leave nothing of it. */
const mostOf = (length: number): number => (length < 4 ? 1 : Math.max(2, Math.floor(length / 3)));

/** The candidate a person most likely meant, or undefined when none is near. Case is ignored. */
export function suggestName(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > lengthMax) return undefined;
  const wanted = word.toLowerCase();
  const most = mostOf(word.length);
  let best: { name: string; distance: number } | undefined;
  for (const name of candidates) {
    const distance = distanceOf(wanted, name.toLowerCase(), most);
    if (distance <= most && (best === undefined || distance < best.distance)) {
      best = { name, distance };
    }
  }
  return best?.name;
}

/** `; did you mean "x"?`, or nothing: for the end of a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const name = suggestName(word, candidates);
  return name === undefined ? '' : `; did you mean "${name}"?`;
}
