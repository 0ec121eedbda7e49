/** Greatest price in minor units: two crore rupees of two decimals. A wire's −1 read without its sign is twice that. */
export const MOST_PRICE = 0x7fff_ffff;
/** Greatest volume or open interest of a bar: more than an exchange trades in a year. */
export const MOST_VOLUME = 1e13;
/** Largest traded value that is exact; a bar with more has none. */
export const MOST_VALUE = Number.MAX_SAFE_INTEGER;
