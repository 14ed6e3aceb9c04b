import { once } from './once.ts';

/**
 * Answers the place of an id in a list; undefined where it is not there. Who asks for all in their
 * order, or knows where it is likely to be, is answered without an index of them.
 */
export function findPlaces(
  ids: readonly string[],
): (id: string, likely?: number) => number | undefined {
  const index = once(() => new Map(ids.map((id, place) => [id, place])));
  let next = 0;
  return (id, likely = next) => {
    const place = ids[likely] === id ? likely : index().get(id);
    if (place !== undefined) next = place + 1;
    return place;
  };
}
