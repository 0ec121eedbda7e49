type Column = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** A longer copy of a typed array; the new places hold `empty`. */
export const widen = <C extends Column>(old: C, size: number, empty = 0): C => {
  const next = new (old.constructor as new (length: number) => C)(size);
  if (empty !== 0) next.fill(empty, old.length);
  next.set(old);
  return next;
};
