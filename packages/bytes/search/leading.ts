/** How many elements at the beginning a test holds for, where it holds for none behind the first it fails for (a binary search). */
export function leading<Item>(items: { readonly length: number; readonly [index: number]: Item }, holds: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}
