import { once } from './once.ts';

/**
 * Answers the place of an id in a list; undefined where it is not there. Who asks for all in their
 * order is answered without an index of them.
 */
export function findPlaces(ids: readonly string[]): (id: string) => number | undefined {
  const index = once(() => new Map(ids.map((id, place) => [id, place])));
  let next = 0;
  return (id) => {
    const place = ids[next] === id ? next : index().get(id);
    if (place !== undefined) next = place + 1;
    return place;
  };
}
