import { istDay, istMidnight } from "@/server/domain/time/session";
import { Day, NONE, Open, Own, type SecondTables } from "./second-tables";

const DAY_SECONDS = 86_400;

/** First second of the IST date a second belongs to. */
const dayOf = (second: number): number => istMidnight(istDay(second * 1_000)) / 1_000;

/**
 * Day volume before a second. On a new trading date all of the day's volume counts; the old date's last figure, repeated
 * after midnight, is still the old date's.
 */
const baseAt = (base: number, day: number, cumulative: number, second: number): number =>
  base > 0 && cumulative !== base && second >= day + DAY_SECONDS ? 0 : base;

const volumeOf = (cumulative: number, base: number): number =>
  cumulative < 0 || base < 0 || cumulative <= base ? 0 : cumulative - base;

/** True where a closing second's day volume is what the next one counts from. A new date's first figure of 0 is: the old date's is not. */
const isNextBase = (cumulative: number, before: number, base: number): boolean =>
  cumulative > before || (cumulative >= 0 && before !== base);

/**
 * What a second traded: feeds send the day's cumulative volume, so it is a difference. This class keeps the value that
 * differences are taken from, per instrument: where it begins, a new date, and a day volume that stepped back.
 */
export class SecondVolume {
  private peekBase = -1;
  private peekDay = 0;

  constructor(private readonly tables: SecondTables) {}

  /** Greatest day volume seen of the newest trading date (`volumeDay`), open seconds included; -1 when there is none. */
  dayVolume(instrument: number): number {
    const { days, capacity } = this.tables;
    if (instrument >= capacity) return -1;
    const base = days[instrument * Day.size + Day.base]!;
    const running = days[instrument * Day.size + Day.running]!;
    return base < 0 ? -1 : this.hasNewDate(instrument) ? running : Math.max(running, base);
  }

  /** IST day number of `dayVolume`. */
  volumeDay(instrument: number): number {
    const { own, capacity } = this.tables;
    if (instrument >= capacity) return 0;
    return istDay(own[instrument * Own.size + (this.hasNewDate(instrument) ? Own.running : Own.day)]! * 1_000);
  }

  /** True while the first seconds of a date are open: the base is of the old date still. */
  private hasNewDate(instrument: number): boolean {
    const { own } = this.tables;
    const at = instrument * Own.size;
    return own[at + Own.running]! > own[at + Own.day]!;
  }

  isUnknown(instrument: number): boolean {
    return this.tables.days[instrument * Day.size + Day.base]! < 0;
  }

  /** The next day volume is not a difference: another connection begins. */
  forget(instrument: number): void {
    const { days, own } = this.tables;
    days[instrument * Day.size + Day.base] = -1;
    own[instrument * Own.size + Own.surplus] = 0;
  }

  /** Volume of a second that closes with the day volume `cumulative`, from which the next one counts. */
  take(instrument: number, second: number, cumulative: number): number {
    const { days, own } = this.tables;
    const base = days[instrument * Day.size + Day.base]!;
    const before = baseAt(base, own[instrument * Own.size + Own.day]!, cumulative, second);
    const volume = volumeOf(cumulative, before);
    if (isNextBase(cumulative, before, base)) this.moveBase(instrument, second, cumulative);
    return volume;
  }

  /** Starts a look ahead (`peek`): the volume of the instrument's open seconds when they close. */
  beginPeek(instrument: number): void {
    this.peekBase = this.tables.days[instrument * Day.size + Day.base]!;
    this.peekDay = this.tables.own[instrument * Own.size + Own.day]!;
  }
  /** Volume of the next open second, oldest first, as `take` will find it. */
  peek(second: number, cumulative: number): number {
    const before = baseAt(this.peekBase, this.peekDay, cumulative, second);
    const volume = volumeOf(cumulative, before);
    if (isNextBase(cumulative, before, this.peekBase)) {
      this.peekBase = cumulative;
      this.peekDay = dayOf(second);
    }
    return volume;
  }

  /** Traded value of the second at `at`: steps seen at their prices; what reordering moved between seconds takes the average price. */
  valueOf(at: number, volume: number): number {
    if (volume === 0) return 0;
    const { open } = this.tables;
    const stepped = open[at + Open.stepped]!;
    if (stepped === volume) return open[at + Open.value]!;
    return stepped > 0 ? Math.round((open[at + Open.value]! / stepped) * volume) : open[at + Open.close]! * volume;
  }

  /**
   * Keeps the value that differences are taken from. Unknown (the first tick after a connect): the day's volume so far
   * is not one huge trade. Less than before on the same date was not believed (`DayVolumes`), or was overtaken. A new
   * date's figure becomes the base when its second closes (`baseAt`): seconds of the old date may still be open.
   */
  rebase(instrument: number, second: number, volume: number): void {
    const { own: figures, days } = this.tables;
    const own = instrument * Own.size;
    const at = instrument * Day.size;
    const base = days[at + Day.base]!;
    const running = days[at + Day.running]!;
    const day = figures[own + Own.day]!;
    if (base < 0) {
      this.startFrom(instrument, second, volume);
      return;
    }
    // Confirmed, and below the base: the base was the previous date's value, which a first packet without a time may
    // have.
    if (
      second >= day &&
      second < day + DAY_SECONDS &&
      volume < base &&
      second >= figures[own + Own.newest]! &&
      second > figures[own + Own.baseSecond]!
    ) {
      this.startFrom(instrument, second, volume);
      return;
    }
    // The previous date's value, repeated, says nothing about the new date.
    if (second < day + DAY_SECONDS || volume === running || second < figures[own + Own.running]! + DAY_SECONDS) return;
    figures[own + Own.running] = dayOf(second);
    if (volume < running) days[at + Day.running] = 0;
  }

  /** An auction's volume belongs to no second: the base moves past it, unless a second is open that counts from it. */
  passAuction(instrument: number, second: number, volume: number): void {
    const { own: figures, days } = this.tables;
    const own = instrument * Own.size;
    this.rebase(instrument, second, volume);
    if (figures[own + Own.oldest] !== NONE || second < figures[own + Own.day]!) return;
    const base = days[instrument * Day.size + Day.base]!;
    const before = baseAt(base, figures[own + Own.day]!, volume, second);
    if (volume < before || (volume === before && before === base)) return;
    this.startFrom(instrument, second, volume);
  }

  /** Counting begins here: nothing before is a difference. */
  startFrom(instrument: number, second: number, volume: number): void {
    const { own, days } = this.tables;
    this.moveBase(instrument, second, volume);
    days[instrument * Day.size + Day.running] = Math.max(volume, 0);
    own[instrument * Own.size + Own.running] = dayOf(second);
  }

  private moveBase(instrument: number, second: number, volume: number): void {
    const { own: figures, days } = this.tables;
    const own = instrument * Own.size;
    const day = figures[own + Own.day]!;
    days[instrument * Day.size + Day.base] = volume;
    figures[own + Own.baseSecond] = second;
    if (second >= day && second < day + DAY_SECONDS) return;
    figures[own + Own.day] = dayOf(second);
    figures[own + Own.surplus] = 0;
  }

  /** The day volume that was not believed, -1 where there is none. */
  doubted(instrument: number): number {
    return this.tables.own[instrument * Own.size + Own.doubt]!;
  }
  /** Stores a doubtful value and the second in which it arrived; -1: the doubt is over. */
  doubt(instrument: number, second: number, volume: number): void {
    const { own } = this.tables;
    own[instrument * Own.size + Own.doubt] = volume;
    own[instrument * Own.size + Own.doubtSecond] = second;
  }

  /** Newest second that counts from the line before the doubt; one that has only doubtful figures counts from none. */
  endOfOldLine(instrument: number): number {
    const { own, open } = this.tables;
    const since = own[instrument * Own.size + Own.doubtSecond]!;
    const at = this.tables.placeOf(instrument, since);
    return open[at + Open.second] === since && open[at + Open.cumulative]! >= 0 ? since : since - 1;
  }

  /**
   * Two packets agree on another line of the day's volume, the second one in `second` with `volume`. Where it is lower, more has
   * been counted than it says; where it goes back to the one before, only what that one has gained since is volume, and all of it.
   */
  startAnew(instrument: number, second: number, volume: number): void {
    const { own, days } = this.tables;
    const figures = instrument * Own.size;
    const begins = second <= own[figures + Own.closedThrough]! ? volume : own[figures + Own.doubt]!;
    const base = Math.max(days[instrument * Day.size + Day.base]!, 0);
    const counted = base + own[figures + Own.surplus]!;
    const from = begins < base ? begins : Math.min(begins, counted);
    this.startFrom(instrument, own[figures + Own.doubtSecond]!, from);
    own[figures + Own.surplus] = counted - from;
  }

  /**
   * An accepted packet followed: if the doubtful value was correct, it belongs to the second in which it arrived, if
   * that is still open.
   */
  confirm(instrument: number, volume: number): void {
    const { own, days, open } = this.tables;
    const doubted = this.doubted(instrument);
    if (doubted <= days[instrument * Day.size + Day.base]! || doubted > volume) return;
    const second = own[instrument * Own.size + Own.doubtSecond]!;
    const at = this.tables.placeOf(instrument, second);
    if (open[at + Open.second] === second && open[at + Open.cumulative]! < doubted)
      open[at + Open.cumulative] = doubted;
  }
}
