/** What counts as slow, in ms: the limits of the performance budget. Brokers stamp whole seconds, so half a second of skew is none. */
export const budgets = {
  receiveToEmit: 10,
  emitToSocket: 5,
  socketToPaint: 20,
  commit: 25,
  eventLoop: 10,
  clockSkew: 1_500,
} as const;
