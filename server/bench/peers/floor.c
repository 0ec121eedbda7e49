/*
 * The floor: Kite frames to one-second bars with nothing else, in C. No validation, no timeframes, no late ticks.
 * Standard input, all little-endian: one line "instruments packetBytes\n", the tokens as uint32, then per second
 * uint32 frames (0 ends; bit 31 set: untimed warm-up), per frame { double receivedMs; uint32 bytes; the frame }.
 * Output: one line of JSON.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct { int64_t second; double open, high, low, close, cumulative, base; } bar;

static uint32_t *keys;
static int32_t *places;
static uint32_t mask;
static bar *bars;
static double closes, volumes;
static uint64_t closed, timed_ticks;

static inline uint32_t be32(const uint8_t *at) { uint32_t value; memcpy(&value, at, 4); return __builtin_bswap32(value); }
static inline uint32_t be16(const uint8_t *at) { return (uint32_t)at[0] << 8 | at[1]; }

static inline int32_t find(uint32_t token) {
  uint32_t slot = (token * 0x9e3779b1u) >> 7 & mask;
  while (places[slot] >= 0 && keys[slot] != token) slot = (slot + 1) & mask;
  return places[slot];
}

static inline void close_bar(bar *b) {
  closed++;
  closes += b->close;
  volumes += b->cumulative - b->base;
}

static uint64_t decode(const uint8_t *frame, double received) {
  int packets = (int)be16(frame);
  const uint8_t *at = frame + 2;
  int64_t received_second = (int64_t)(received / 1000.0);
  for (int packet = 0; packet < packets; packet++) {
    uint32_t length = be16(at);
    const uint8_t *body = at + 2;
    at = body + length;
    if (length != 44 && length != 184) continue;
    int32_t place = find(be32(body));
    if (place < 0) continue;
    double price = be32(body + 4), volume = be32(body + 16);
    int64_t second = length == 184 ? (int64_t)be32(body + 60) : received_second;
    bar *b = bars + place;
    if (b->second == second) {
      if (price > b->high) b->high = price;
      if (price < b->low) b->low = price;
      b->close = price;
      b->cumulative = volume;
      continue;
    }
    double base = volume;
    if (b->second != 0) { close_bar(b); base = b->cumulative; }
    b->second = second;
    b->open = b->high = b->low = b->close = price;
    b->base = base;
    b->cumulative = volume;
  }
  return (uint64_t)packets;
}

static void need(void *to, size_t size) {
  if (fread(to, 1, size, stdin) != size) { fprintf(stderr, "input ends early\n"); exit(1); }
}

static double cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(void) {
  int count, packet_bytes;
  if (scanf("%d %d", &count, &packet_bytes) != 2 || getchar() != '\n') return 1;
  uint32_t size = 64;
  while (size < (uint32_t)count * 2) size *= 2;
  mask = size - 1;
  keys = calloc(size, sizeof *keys);
  places = malloc(size * sizeof *places);
  bars = calloc((size_t)count, sizeof *bars);
  memset(places, 0xff, size * sizeof *places);
  for (int i = 0; i < count; i++) {
    uint32_t token;
    need(&token, 4);
    uint32_t slot = (token * 0x9e3779b1u) >> 7 & mask;
    while (places[slot] >= 0) slot = (slot + 1) & mask;
    keys[slot] = token;
    places[slot] = i;
  }
  uint8_t *buffer = NULL;
  size_t capacity = 0;
  double spent = 0;
  double *received = NULL;
  size_t *starts = NULL;
  uint32_t frames_capacity = 0;
  for (;;) {
    uint32_t frames;
    need(&frames, 4);
    if (frames == 0) break;
    int timed = (frames & 0x80000000u) == 0;
    frames &= 0x7fffffffu;
    if (frames > frames_capacity) {
      frames_capacity = frames;
      received = realloc(received, frames * sizeof *received);
      starts = realloc(starts, frames * sizeof *starts);
    }
    size_t used = 0;
    for (uint32_t i = 0; i < frames; i++) {
      uint32_t bytes;
      need(&received[i], 8);
      need(&bytes, 4);
      if (used + bytes > capacity) { capacity = (used + bytes) * 2; buffer = realloc(buffer, capacity); }
      need(buffer + used, bytes);
      starts[i] = used;
      used += bytes;
    }
    double before = cpu_ns();
    uint64_t ticks = 0;
    for (uint32_t i = 0; i < frames; i++) ticks += decode(buffer + starts[i], received[i]);
    if (timed) { spent += cpu_ns() - before; timed_ticks += ticks; }
  }
  for (int i = 0; i < count; i++) if (bars[i].second != 0) close_bar(bars + i);
  printf("{\"ns\":%.4f,\"bars\":%llu,\"close\":%.0f,\"volume\":%.0f}\n", spent / (double)timed_ticks, (unsigned long long)closed, closes, volumes);
  return 0;
}
