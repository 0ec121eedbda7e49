/**
 * A cache of recent entries: at most twice `size`, and frequently used ones stay as the same object. It has two
 * generations: a full one becomes the old one, and entries found in the old one move to the new.
 */
export class RecentMap<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  constructor(private readonly size: number) {}

  get(key: K): V | undefined {
    const found = this.young.get(key);
    if (found !== undefined) return found;
    const before = this.old.get(key);
    if (before === undefined) return undefined;
    this.old.delete(key);
    this.set(key, before);
    return before;
  }

  set(key: K, value: V): void {
    this.old.delete(key);
    if (this.young.size >= this.size && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }

  delete(key: K): boolean {
    const young = this.young.delete(key);
    return this.old.delete(key) || young;
  }

  get count(): number {
    return this.young.size + this.old.size;
  }
}
