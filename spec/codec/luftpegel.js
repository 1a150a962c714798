// Luftpegel payload codec (LoRa Alliance TS013) for ChirpStack and The Things Stack. ECMAScript 5.1.
//
// Made from spec/channels.toml and luftpegel_wire by `make generate`; change it there, or change the template.
// docs/wire.md explains the format. decodeUplink gives
//   readings: {kind, version, seq, age, channels: [{channel, name, unit, step}], readings: [...]}, newest first:
//             {seq, time, age, interval, values, base, quality}: by channel name the value in the unit (null
//             where there is none), the same as an integer of base units, and what is wrong with it, if
//             anything; or {seq, absent: true}, where the station has no such reading
//   others:   {kind: "status" | "alarm" | "config" | "backfill", version, ...}
// or {errors: ["LP-2xx: ..."]}. What a newer station sends and this table does not know is told under its
// number, with a warning.

"use strict";

var VERSION = 1;
var PORT_CONFIG = 10;
var PORT_BACKFILL = 11;
var LIMIT = 4294967296;
var MAX_AGE = 2147483647;
var MAX_CHANNEL = 255;
var MAX_MAGNITUDE = 67108863;
var MISSING = 8;
var HALF = 2048;
var TRUNCATED = "LP-210";
var NOT_CANONICAL = "LP-211";
var UNKNOWN_VERSION = "LP-212";
var UNKNOWN_PORT = "LP-213";
var MALFORMED = "LP-214";
var OUT_OF_RANGE = "LP-215";
// number: [name, unit (UCUM), exponent of ten from base units to the unit, usual step]
var QUANTITIES = {
  1: ["temperature", "Cel", -2, 10],
  2: ["humidity", "%", -2, 50],
  3: ["pressure", "hPa", -2, 10],
  4: ["distance", "cm", -1, 10],
  5: ["level", "cm", -1, 10],
  6: ["water_temperature", "Cel", -2, 10],
  7: ["battery", "V", -3, 20],
  8: ["enclosure_temperature", "Cel", -2, 10],
  9: ["solar_voltage", "V", -3, 50],
  10: ["signal", "dB[mW]", 0, 1],
  11: ["pm1", "ug/m3", -1, 5],
  12: ["pm25", "ug/m3", -1, 5],
  13: ["pm4", "ug/m3", -1, 5],
  14: ["pm10", "ug/m3", -1, 5],
  15: ["co2", "[ppm]", 0, 5],
  16: ["voc_raw", "{tick}", 0, 20],
  17: ["no2_raw", "mV", -2, 10],
  18: ["conductivity", "uS/cm", 0, 5],
  19: ["rain_count", "{tip}", 0, 1],
  20: ["wind_speed", "m/s", -2, 10],
  21: ["wind_gust", "m/s", -2, 10],
  22: ["wind_direction", "deg", 0, 5],
  23: ["solar", "W/m2", 0, 5],
  24: ["globe_temperature", "Cel", -2, 10]
};
var PORTS = {
  1: "readings",
  2: "status",
  3: "alarm",
  10: "config",
  11: "backfill"
};
var QUALITIES = {
  0: "ok",
  1: "suspect",
  2: "stale",
  3: "flat",
  4: "clipped",
  5: "range",
  6: "rate",
  8: "missing",
  9: "silent",
  10: "checksum",
  11: "sentinel",
  12: "bus",
  13: "not_ready",
  14: "config",
  15: "unknown"
};
var STATUS_FIELDS = {
  1: "firmware",
  2: "boots",
  3: "reset_cause",
  4: "uptime_s",
  5: "oldest_seq",
  6: "newest_seq",
  7: "interval_s",
  8: "heap_free",
  9: "flash_free",
  10: "frames_sent",
  11: "joins",
  12: "rssi",
  13: "snr",
  14: "crash",
  15: "clock",
  16: "faults",
  17: "data_rate",
  18: "rx_offset_us",
  19: "rx_spread_us",
  20: "trouble"
};
var CONFIG_FIELDS = {
  1: "interval_s",
  2: "alarm_interval_s",
  3: "status_interval_s",
  4: "data_rate",
  5: "adr",
  6: "history"
};
var ALARM_KINDS = {
  1: "above",
  2: "below",
  3: "rate",
  4: "fault",
  5: "over"
};
var STEPS = [1, 2, 5, 10, 20, 25, 50, 100, 125, 200, 250, 500, 1000, 2000, 5000, 10000];
var INTERVALS = [60, 120, 300, 600, 900, 1200, 1800, 3600];
var PROBABILITIES = [
  [240, 246, 243, 239, 237, 236, 236],
  [234, 242, 238, 233, 230, 229, 228],
  [226, 237, 230, 224, 220, 218, 217],
  [215, 229, 221, 212, 206, 203, 202],
  [201, 219, 209, 198, 189, 185, 183],
  [183, 207, 195, 181, 170, 163, 160],
  [162, 192, 180, 164, 150, 141, 136],
  [138, 173, 163, 149, 134, 122, 115],
  [112, 151, 143, 133, 121, 109, 99],
  [88, 127, 122, 115, 107, 98, 89],
  [66, 103, 100, 96, 91, 86, 80],
  [48, 80, 78, 76, 74, 71, 68],
  [35, 61, 60, 59, 58, 56, 55]
];

// Chances, in 4096ths: of what is usual; of a row without anything unusual, to begin with; of a first value below
// zero; of one that is 7 to 14 bits long.
var LIKELY = 3072;
var PLAIN = 4032;
var NEGATIVE = 512;
var USUAL_LENGTH = 3072;

// Errors.

function Fault(code, text) {
  this.code = code;
  this.text = text;
}

function fail(code, text) {
  throw new Fault(code, text);
}

// Calls work(); whatever goes wrong becomes an answer.
function answer(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) {
      return { errors: [error.code + ": " + error.text] };
    }
    return { errors: [MALFORMED + ": not a frame (" + error + ")"] };
  }
}

// CBOR (RFC 8949), strictly in its one deterministic form. Integers come as numbers, texts as strings, arrays as
// arrays, byte strings as {bytes: [...]}, maps as {pairs: [[key, value], ...]}.

function Reader(bytes) {
  this.bytes = bytes;
  this.at = 0;
}

Reader.prototype.whole = function () {
  var item = this.item(0);
  if (this.at !== this.bytes.length) {
    fail(NOT_CANONICAL, this.bytes.length - this.at + " bytes behind the frame's end");
  }
  return item;
};

// The number that goes with an initial byte, which holds it or says how many bytes do.
Reader.prototype.number = function (info) {
  if (info < 24) {
    return info;
  }
  if (info > 27) {
    fail(NOT_CANONICAL, "indefinite length or reserved, before byte " + this.at);
  }
  var size = 1 << (info - 24);
  if (this.at + size > this.bytes.length) {
    fail(TRUNCATED, "frame ends inside a number");
  }
  var number = 0;
  for (var i = 0; i < size; i++) {
    number = number * 256 + this.bytes[this.at++];
  }
  if (number < (size === 1 ? 24 : Math.pow(2, 4 * size))) {
    fail(NOT_CANONICAL, "number is not in its shortest form, before byte " + this.at);
  }
  return number;
};

Reader.prototype.item = function (depth) {
  if (this.at >= this.bytes.length) {
    fail(TRUNCATED, "frame ends where an item should begin");
  }
  var first = this.bytes[this.at++];
  var major = first >> 5;
  var number = this.number(first & 31);
  if (major === 0) {
    return number;
  }
  if (major === 1) {
    return -1 - number;
  }
  if (major < 4) {
    return this.string(number, major === 3);
  }
  if (major > 5) {
    fail(NOT_CANONICAL, "tags, floats and simple values have no place");
  }
  if (depth === 4) {
    fail(MALFORMED, "nested deeper than 4");
  }
  if (number > this.bytes.length) {
    fail(TRUNCATED, number + " items announced in " + this.bytes.length + " bytes");
  }
  return major === 4 ? this.array(number, depth + 1) : this.map(number, depth + 1);
};

Reader.prototype.string = function (length, isText) {
  if (this.at + length > this.bytes.length) {
    fail(TRUNCATED, "a string ends behind the frame");
  }
  var bytes = this.bytes.slice(this.at, this.at + length);
  this.at += length;
  return isText ? fromUtf8(bytes) : { bytes: bytes };
};

Reader.prototype.array = function (count, depth) {
  var items = [];
  while (items.length < count) {
    items.push(this.item(depth));
  }
  return items;
};

// Keys are compared as bytes: beyond 2^53 a number would not be exact.
Reader.prototype.map = function (count, depth) {
  var pairs = [];
  var last = "";
  while (pairs.length < count) {
    var start = this.at;
    var key = this.item(depth);
    var raw = String.fromCharCode.apply(null, this.bytes.slice(start, start + 9));
    raw = raw.slice(0, this.at - start);
    if (typeof key !== "number" || key < 0 || raw <= last) {
      fail(NOT_CANONICAL, "map keys must be unsigned integers in rising order");
    }
    last = raw;
    pairs.push([key, this.item(depth)]);
  }
  return { pairs: pairs };
};

function fromUtf8(bytes) {
  var escaped = "";
  for (var i = 0; i < bytes.length; i++) {
    escaped += "%" + (bytes[i] + 256).toString(16).slice(1);
  }
  try {
    return decodeURIComponent(escaped);
  } catch (error) {
    return fail(MALFORMED, "text is not UTF-8");
  }
}

// The range decoder: decisions of known probability (in 4096ths) out of a string of bytes.

function Decoder(bytes) {
  this.bytes = bytes;
  this.at = 3;
  this.range = 0xffffff;
  this.code = this.window(0);
  if (this.code >= this.range) {
    fail(MALFORMED, "no encoder begins packed rows with 255, 255, 255");
  }
}

Decoder.prototype.window = function (at) {
  return ((this.bytes[at] || 0) << 16) | ((this.bytes[at + 1] || 0) << 8) | (this.bytes[at + 2] || 0);
};

Decoder.prototype.bit = function (probability) {
  var part = ((this.range >> 8) * probability) >> 4;
  var yes = this.code < part;
  if (yes) {
    this.range = part;
  } else {
    this.code -= part;
    this.range -= part;
  }
  while (this.range < 0x10000) {
    if (this.at >= this.bytes.length + 3) {
      fail(TRUNCATED, "the packed rows end before all are told");
    }
    this.code = (this.code << 8) | (this.bytes[this.at++] || 0);
    this.range <<= 8;
  }
  return yes;
};

Decoder.prototype.bits = function (count) {
  var value = 0;
  while (count-- > 0) {
    value = value * 2 + (this.bit(HALF) ? 1 : 0);
  }
  return value;
};

// The bytes must be those that an encoder would have written.
Decoder.prototype.finish = function () {
  var length = this.bytes.length;
  var number = this.window(this.at - 3);
  var low = (number - this.code) & 0xffffff;
  var shift = 24;
  var best;
  do {
    best = ((low + (1 << shift) - 1) >> shift) << shift;
    shift -= 8;
  } while (best - low >= this.range);
  if (
    length > this.at ||
    (length > this.at - 3 && this.bytes[length - 1] === 0) ||
    number !== (best & 0xffffff)
  ) {
    fail(MALFORMED, "bytes behind the packed rows");
  }
};

// Elias gamma: a number of 1 and up.
Decoder.prototype.gamma = function () {
  var length = 0;
  while (this.bit(HALF)) {
    length++;
    if (length > 28) {
      fail(OUT_OF_RANGE, "a difference of more than 29 bits");
    }
  }
  return Math.pow(2, length) + this.bits(length);
};

// One column of values: each is predicted from the ones before it. There may be 8,000 values in a frame, and
// network servers allow little time; hence no arrays are made for each.

function Column(mean) {
  this.recent = [0, 0, 0, 0, 0, 0, 0, 0]; // the last eight values, in a ring
  this.count = 0; // values told so far
  this.sum = 0; // of the recent ones
  this.last = 0;
  this.before = 0; // the one before the last
  this.step = 0; // from there to the last
  this.mean = mean; // of the differences' magnitude, in 16ths
  this.coded = 0; // differences so far
  this.guesses = [0, 0, 0, 0];
  this.misses = [0, 0, 0, 0]; // how far off each guess has lately been, in 16ths
  this.product = 0; // of this column's steps and the left neighbour's, and
  this.square = 0; // the neighbour's steps squared: their quotient is the slope between the two
}

Column.prototype.keep = function (value) {
  var place = this.count & 7;
  this.sum += value - this.recent[place];
  this.recent[place] = value;
  this.before = this.count ? this.last : value;
  this.last = value;
  this.count++;
};

// The next value; drive is the left neighbour's step in this row.
Column.prototype.next = function (decoder, drive) {
  if (this.count === 0) {
    this.keep(firstValue(decoder));
    return this.last;
  }
  var guess = this.guess(drive);
  var off = difference(decoder, this.mean);
  var value = guess + off;
  if (value > MAX_MAGNITUDE || value < -MAX_MAGNITUDE) {
    fail(OUT_OF_RANGE, "a value of " + value + " steps");
  }
  this.learn(value, drive);
  this.mean += (miss(off) - this.mean) >> (this.coded < 2 ? 1 : 2);
  if (this.mean < 1) {
    this.mean = 1;
  }
  this.coded++;
  this.keep(value);
  return value;
};

// The guess that has lately been best: last value; line through the last two; mean of the last eight; last value
// plus the neighbour's step times the slope.
Column.prototype.guess = function (drive) {
  var guesses = this.guesses;
  var misses = this.misses;
  guesses[0] = this.last;
  guesses[1] = 2 * this.last - this.before;
  guesses[2] = quotient(this.sum, this.count < 8 ? this.count : 8);
  guesses[3] = this.last + (this.square ? quotient(this.product * drive, this.square) : 0);
  var best = 0;
  for (var i = 1; i < 4; i++) {
    if (misses[i] < misses[best]) {
      best = i;
    }
  }
  return guesses[best];
};

Column.prototype.learn = function (value, drive) {
  for (var i = 0; i < 4; i++) {
    this.misses[i] += (miss(value - this.guesses[i]) - this.misses[i]) >> 3;
  }
  this.step = Math.max(-1023, Math.min(1023, value - this.last));
  this.product += 16 * drive * this.step - (this.product >> 4);
  this.square += 16 * drive * drive - (this.square >> 4);
};

// How far off a guess was, in 16ths.
function miss(off) {
  return 16 * (off < 0 ? (off < -4095 ? 4095 : -off) : off > 4095 ? 4095 : off);
}

// a / b, rounded half up; exact, as all numbers here are below 2^53.
function quotient(a, b) {
  return Math.floor((2 * a + b) / (2 * b));
}

// A column's first value: sign, number of bits, bits.
function firstValue(decoder) {
  var negative = decoder.bit(NEGATIVE);
  var length = decoder.bit(USUAL_LENGTH) ? 7 + decoder.bits(3) : decoder.bits(5);
  if (length > 26) {
    fail(OUT_OF_RANGE, "a first value of " + length + " bits");
  }
  var magnitude = length > 1 ? Math.pow(2, length - 1) + decoder.bits(length - 1) : length;
  return negative ? 0 - magnitude : magnitude;
}

// Magnitude in units of 2^shift by unary decisions, the bits below the unit, the sign.
function difference(decoder, mean) {
  var shift = 0;
  while (mean > 64) {
    mean >>= 1;
    shift++;
  }
  var level = 0;
  while (1 << level < mean * mean) {
    level++;
  }
  var row = PROBABILITIES[level];
  var skip = shift ? 1 : 0;
  var count = 0;
  while (count < 12 && !decoder.bit(row[Math.min(count + skip, 6)] << 4)) {
    count++;
  }
  if (count === 12) {
    count += decoder.gamma() - 1;
  }
  var magnitude = count * Math.pow(2, shift) + decoder.bits(shift);
  return magnitude && decoder.bit(HALF) ? -magnitude : magnitude;
}

// Readings: channels, steps, and row by row, newest first.

function channelsOf(decoder) {
  var channels = [];
  var last = 0;
  for (var count = decoder.bits(5); count > 0; count--) {
    var gap = 2;
    if (!decoder.bit(LIKELY)) {
      var near = decoder.bits(3);
      gap = near ? 2 + 2 * near : decoder.bits(8);
    }
    last += gap;
    if (gap < 1 || last < 2 || last > MAX_CHANNEL) {
      fail(OUT_OF_RANGE, "channel " + last);
    }
    channels.push(describe(last));
  }
  return channels;
}

// A channel: 2 * number of the quantity + index. Its exponent is null if the table does not know it.
function describe(channel) {
  var quantity = QUANTITIES[channel >> 1];
  if (!quantity) {
    return { channel: channel, name: "channel-" + channel, unit: null, exponent: null, step: null };
  }
  return {
    channel: channel,
    name: quantity[0] + (channel & 1 ? "-2" : ""),
    unit: quantity[1],
    exponent: quantity[2],
    step: quantity[3]
  };
}

function readSteps(decoder, channels) {
  if (decoder.bit(HALF)) {
    return;
  }
  for (var i = 0; i < channels.length; i++) {
    if (!decoder.bit(HALF)) {
      channels[i].step = STEPS[decoder.bits(4)];
    }
  }
}

function Rows(decoder, channels) {
  this.decoder = decoder;
  this.columns = [];
  this.quality = [];
  for (var i = 0; i < channels.length; i++) {
    this.columns.push(new Column(16));
    this.quality.push(0);
  }
  this.clock = null; // the column of intervals
  this.first = true;
  this.plain = PLAIN;
}

// {absent, interval, values, quality}; values are in steps, an interval of null is a clock that was lost.
Rows.prototype.next = function () {
  var decoder = this.decoder;
  var lost = false;
  var plain = decoder.bit(this.plain);
  this.plain += plain ? (4064 - this.plain) >> 4 : -(this.plain >> 4);
  if (!plain) {
    if (decoder.bit(HALF)) {
      return { absent: true };
    }
    lost = !this.first && decoder.bit(HALF);
    for (var i = 0; i < this.quality.length; i++) {
      if (!decoder.bit(LIKELY)) {
        this.quality[i] = decoder.bits(4);
      }
    }
  }
  var interval = this.interval(lost);
  return { absent: false, interval: interval, values: this.values(), quality: this.quality };
};

Rows.prototype.interval = function (lost) {
  var decoder = this.decoder;
  if (this.first) {
    this.first = false;
    return 0;
  }
  if (lost) {
    return null;
  }
  if (!this.clock) {
    this.clock = new Column(1);
    if (decoder.bit(LIKELY)) {
      var usual = INTERVALS[decoder.bits(3)];
      this.clock.keep(usual);
      return usual;
    }
  }
  var interval = this.clock.next(decoder, 0);
  if (interval < 0) {
    fail(OUT_OF_RANGE, "an interval of " + interval + " seconds");
  }
  return interval;
};

Rows.prototype.values = function () {
  var values = [];
  var drive = 0;
  for (var i = 0; i < this.columns.length; i++) {
    if (this.quality[i] >= MISSING) {
      values.push(null);
      drive = 0;
    } else {
      values.push(this.columns[i].next(this.decoder, drive));
      drive = this.columns[i].step;
    }
  }
  return values;
};

// [version, seq, age, body] to the data of a readings frame. received: milliseconds, NaN if unknown.
function readings(frame, received, warnings) {
  var seq = frame[1];
  var age = frame[2];
  if (frame.length !== 4 || typeof seq !== "number" || typeof age !== "number") {
    fail(MALFORMED, "a readings frame is [version, seq, age, body]");
  }
  var body = frame[3].bytes;
  if (!body || body.length === 0) {
    fail(MALFORMED, "a readings frame has a body");
  }
  if (seq < body[0] || seq >= LIMIT) {
    fail(OUT_OF_RANGE, "reading number " + seq + " with " + body[0] + " older ones");
  }
  if (age < -1 || age > MAX_AGE) {
    fail(OUT_OF_RANGE, "an age of " + age + " seconds");
  }
  age = age === -1 ? null : age;
  var decoder = new Decoder(body.slice(1));
  var channels = channelsOf(decoder);
  readSteps(decoder, channels);
  for (var i = 0; i < channels.length; i++) {
    if (channels[i].exponent === null) {
      warnings.push(channels[i].name + " is not in this codec's table");
    }
  }
  return {
    seq: seq,
    age: age,
    channels: channels,
    readings: allRows(decoder, channels, seq, age, body[0] + 1, received)
  };
}

function allRows(decoder, channels, seq, age, count, received) {
  var rows = new Rows(decoder, channels);
  var told = [];
  while (told.length < count) {
    var row = rows.next();
    var number = seq - told.length;
    if (row.absent) {
      told.push({ seq: number, absent: true });
      continue;
    }
    age = age === null || row.interval === null ? null : age + row.interval;
    told.push(oneReading(channels, row, number, age, received));
  }
  decoder.finish();
  return told;
}

function oneReading(channels, row, seq, age, received) {
  var reading = { seq: seq, age: age, interval: row.interval, values: {}, base: {}, quality: {} };
  var time = new Date(age === null ? NaN : received - age * 1000);
  if (!isNaN(time.getTime())) {
    reading.time = time.toISOString();
  }
  for (var i = 0; i < channels.length; i++) {
    var channel = channels[i];
    var value = row.values[i];
    var base = value === null ? null : value * (channel.step || 1);
    reading.base[channel.name] = base;
    reading.values[channel.name] = base === null ? null : inUnits(base, channel.exponent);
    if (row.quality[i] !== 0) {
      reading.quality[channel.name] = QUALITIES[row.quality[i]] || "quality-" + row.quality[i];
    }
  }
  return reading;
}

// Dividing by a power of ten gives the decimal number as written: 2153 / 100 is 21.53.
function inUnits(base, exponent) {
  return exponent < 0 ? base / Math.pow(10, -exponent) : base * Math.pow(10, exponent);
}

// The other frames.

function integers(frame, names) {
  if (frame.length !== names.length + 1) {
    fail(MALFORMED, "members are not " + names.join(", "));
  }
  var i;
  for (i = 1; i < frame.length; i++) {
    if (typeof frame[i] !== "number") {
      fail(MALFORMED, names[i - 1] + " is not an integer");
    }
  }
  var found = {};
  for (i = 0; i < names.length; i++) {
    var mayBeNegative = names[i] === "value" || names[i] === "threshold";
    found[names[i]] = within32Bits(frame[i + 1], mayBeNegative);
  }
  return found;
}

function within32Bits(number, mayBeNegative) {
  if (number >= LIMIT || number <= (mayBeNegative ? -LIMIT : -1)) {
    fail(OUT_OF_RANGE, number + " is beyond what a frame carries");
  }
  return number;
}

// A map of numbered fields to an object by their names.
function named(map, names, warnings) {
  if (!map || !map.pairs) {
    fail(MALFORMED, "settings are not a map");
  }
  var fields = {};
  var i;
  for (i = 0; i < map.pairs.length; i++) {
    if (typeof map.pairs[i][1] !== "number" && typeof map.pairs[i][1] !== "string") {
      fail(MALFORMED, "a setting is a number or a text");
    }
  }
  for (i = 0; i < map.pairs.length; i++) {
    var key = within32Bits(map.pairs[i][0], false);
    var value = map.pairs[i][1];
    if (!names[key]) {
      warnings.push("field " + key + " is not in this codec's table");
    }
    fields[names[key] || String(key)] = typeof value === "number" ? within32Bits(value, true) : value;
  }
  return fields;
}

function status(frame, _received, warnings) {
  if (frame.length !== 2) {
    fail(MALFORMED, "a status frame is [version, fields]");
  }
  return { fields: named(frame[1], STATUS_FIELDS, warnings) };
}

function config(frame, _received, warnings) {
  if (frame.length !== 3 || !frame[2].pairs) {
    fail(MALFORMED, "a config frame is [version, token, settings]");
  }
  var data = integers(frame.slice(0, 2), ["token"]);
  data.fields = named(frame[2], CONFIG_FIELDS, warnings);
  return data;
}

function alarm(frame, received, warnings) {
  var data = integers(frame, ["seq", "age", "channel", "kind", "value", "threshold"]);
  var channel = describe(data.channel);
  if (channel.exponent === null) {
    warnings.push(channel.name + " is not in this codec's table");
  }
  var time = new Date(received - data.age * 1000);
  var told = {
    seq: data.seq,
    age: data.age,
    channel: channel,
    reason: ALARM_KINDS[data.kind] || data.kind,
    value: inUnits(data.value, channel.exponent),
    threshold: inUnits(data.threshold, channel.exponent),
    base: { value: data.value, threshold: data.threshold }
  };
  if (!isNaN(time.getTime())) {
    told.time = time.toISOString();
  }
  return told;
}

function backfill(frame) {
  return integers(frame, ["first_seq", "count"]);
}

var KINDS = { readings: readings, status: status, alarm: alarm, config: config, backfill: backfill };

function bytesOf(input) {
  var bytes = Array.prototype.slice.call(input.bytes);
  for (var i = 0; i < bytes.length; i++) {
    if (bytes[i] !== (bytes[i] & 255)) {
      fail(MALFORMED, "byte " + i + " is not a number from 0 to 255");
    }
  }
  return bytes;
}

function decode(input) {
  var kind = PORTS[input.fPort];
  if (!kind) {
    fail(UNKNOWN_PORT, "FPort " + input.fPort + " carries no frame of a station");
  }
  var frame = new Reader(bytesOf(input)).whole();
  if (!Array.isArray(frame) || typeof frame[0] !== "number") {
    fail(MALFORMED, "a frame is an array that begins with its version");
  }
  if (frame[0] !== VERSION) {
    fail(UNKNOWN_VERSION, "version " + frame[0] + "; this decoder knows " + VERSION);
  }
  var warnings = [];
  var received = input.recvTime ? new Date(input.recvTime).getTime() : NaN;
  var content = KINDS[kind](frame, received, warnings);
  var data = { kind: kind, version: VERSION };
  for (var name in content) {
    data[name] = content[name];
  }
  return warnings.length ? { data: data, warnings: warnings } : { data: data };
}

// Encoding: what goes to a station.

function head(major, number) {
  var size = number < 24 ? 0 : number < 0x100 ? 1 : number < 0x10000 ? 2 : 4;
  var bytes = [(major << 5) | (size === 0 ? number : { 1: 24, 2: 25, 4: 26 }[size])];
  for (var i = size - 1; i >= 0; i--) {
    bytes.push(Math.floor(number / Math.pow(256, i)) % 256);
  }
  return bytes;
}

function integer(value, name, mayBeNegative) {
  if (typeof value !== "number" || Math.floor(value) !== value) {
    fail(MALFORMED, name + " must be an integer");
  }
  return within32Bits(value, mayBeNegative);
}

function setting(value, name) {
  if (typeof value === "string") {
    var escaped = unescape(encodeURIComponent(value));
    var bytes = head(3, escaped.length);
    for (var i = 0; i < escaped.length; i++) {
      bytes.push(escaped.charCodeAt(i));
    }
    return bytes;
  }
  integer(value, name, true);
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

function settings(fields) {
  var numbers = {};
  var known = [];
  for (var number in CONFIG_FIELDS) {
    numbers[CONFIG_FIELDS[number]] = Number(number);
  }
  for (var name in fields) {
    var isNumber = /^[0-9]+$/.test(name);
    if (!isNumber && !numbers.hasOwnProperty(name)) {
      fail(MALFORMED, "there is no setting named " + name);
    }
    var key = within32Bits(isNumber ? Number(name) : numbers[name], false);
    known.push([key, setting(fields[name], name)]);
  }
  known.sort(function (a, b) {
    return a[0] - b[0];
  });
  var bytes = head(5, known.length);
  for (var i = 0; i < known.length; i++) {
    if (i > 0 && known[i][0] === known[i - 1][0]) {
      fail(MALFORMED, "setting " + known[i][0] + " is given twice");
    }
    bytes = bytes.concat(head(0, known[i][0]), known[i][1]);
  }
  return bytes;
}

// What data says, as {bytes, fPort}: {kind: "config", token, fields} or {kind: "backfill", first_seq, count}.
function encode(data) {
  if (data.kind === "config") {
    return {
      fPort: PORT_CONFIG,
      bytes: head(4, 3).concat(head(0, VERSION), head(0, integer(data.token, "token", false)), settings(data.fields))
    };
  }
  if (data.kind === "backfill") {
    var first = integer(data.first_seq, "first_seq", false);
    var count = integer(data.count, "count", false);
    return { fPort: PORT_BACKFILL, bytes: head(4, 3).concat(head(0, VERSION), head(0, first), head(0, count)) };
  }
  return fail(MALFORMED, 'kind must be "config" or "backfill"');
}

// The three functions that network servers call (TS013).

function decodeUplink(input) {
  return answer(function () {
    return decode(input);
  });
}

function decodeDownlink(input) {
  return decodeUplink(input);
}

function encodeDownlink(input) {
  return answer(function () {
    return encode(input.data);
  });
}
