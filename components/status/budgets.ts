/** What counts as slow, in ms: the limits of the performance budget. */
export const budgets = { receiveToEmit: 10, emitToSocket: 5, socketToPaint: 20, commit: 25, eventLoop: 10, clockSkew: 500 } as const;
