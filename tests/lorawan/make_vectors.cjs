// Writes vectors.json by the npm package lora-packet, an implementation of LoRaWAN frames that shares nothing
// with ours:
//
//     npm install lora-packet && node make_vectors.cjs > vectors.json
//
// The fields of frame i come from SHA-256, as in lorawan_vectors.py, so only digests of the frames are kept:
// one for each block of 100 frames, each with its length before it.

const { createHash } = require("crypto");
const lora = require("lora-packet");

const FRAMES = 10000;
const JOINS = 1000;
const BLOCK = 100;

function noise(kind, number) {
  const parts = [];
  for (let part = 0; part < 9; part++)
    parts.push(createHash("sha256").update(`${kind} ${number} ${part}`).digest());
  return Buffer.concat(parts);
}

const reversed = (bytes) => Buffer.from(bytes).reverse();

function data(kind, number) {
  const b = noise(kind, number);
  const up = kind === "up";
  const port = b[43] % 16 === 0 ? 0 : b[43] % 225;
  const options = port === 0 ? 0 : b[41] % 16;
  const size = 1 + (b[44] % 222);
  const fields = {
    MType: (up ? 2 : 3) + 2 * (b[40] & 1),
    DevAddr: reversed(b.subarray(32, 36)),
    FCtrl: {
      ADR: Boolean(b[40] & 2),
      ACK: Boolean(b[40] & 4),
      ADRACKReq: up && Boolean(b[40] & 8),
      FPending: !up && Boolean(b[40] & 8),
    },
    FCnt: Buffer.from([b[37], b[36]]),
    FOpts: b.subarray(45, 45 + options),
    FPort: port,
    payload: Buffer.from(b.subarray(60, 60 + size)),
  };
  const upper = Buffer.from([b[38], b[39]]);
  return lora.fromFields(fields, b.subarray(16, 32), b.subarray(0, 16), undefined, upper).PHYPayload;
}

function join(number) {
  const b = noise("join", number);
  const key = b.subarray(0, 16);
  const [joinEui, devEui] = [b.subarray(16, 24), b.subarray(24, 32)];
  const [netId, address, joinNonce, devNonce] = [b.subarray(32, 35), b.subarray(35, 39), b.subarray(39, 42), b.subarray(42, 44)];
  const request = lora.fromFields(
    { MType: 0, AppEUI: joinEui, DevEUI: devEui, DevNonce: devNonce }, undefined, undefined, key);
  const cfList = b[44] & 1 ? Buffer.concat([b.subarray(45, 60), Buffer.from([0])]) : Buffer.alloc(0);
  const accept = lora.fromFields(
    {
      MType: 1, AppNonce: joinNonce, NetID: netId, DevAddr: address,
      DLSettings: b[60] & 0x7f, RxDelay: b[61] & 15, CFList: cfList,
    }, undefined, undefined, key);
  const keys = lora.generateSessionKeys10(key, netId, joinNonce, devNonce);
  const acceptFrame = Buffer.concat([accept.MHDR, accept.MACPayloadWithMIC]);
  return Buffer.concat([request.PHYPayload, acceptFrame, keys.NwkSKey, keys.AppSKey]);
}

function digests(count, make) {
  const found = [];
  for (let start = 0; start < count; start += BLOCK) {
    const hash = createHash("sha256");
    for (let i = start; i < start + BLOCK; i++) {
      const frame = make(i);
      hash.update(Buffer.from([frame.length]));
      hash.update(frame);
    }
    found.push(hash.digest("hex").slice(0, 16));
  }
  return found;
}

const vectors = {
  by: `lora-packet ${require("lora-packet/package.json").version}`,
  block: BLOCK,
  first: { up: data("up", 0).toString("hex"), down: data("down", 0).toString("hex"), join: join(0).toString("hex") },
  up: digests(FRAMES, (i) => data("up", i)),
  down: digests(FRAMES, (i) => data("down", i)),
  join: digests(JOINS, join),
};
console.log(JSON.stringify(vectors, null, 1));
