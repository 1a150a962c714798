// Makes lora_packet_vectors.json: LoRaWAN 1.0 frames by the npm package lora-packet, an implementation that
// has nothing in common with ours. The frames come from a seeded generator, so the file can be made again:
//
//   npm install lora-packet@0.9.3 && node lora_packet_vectors.js > lora_packet_vectors.json
//
// Multi-byte values are hexadecimal with the most significant byte first; `phy` is as it goes on the air.
"use strict";
const crypto = require("crypto");
const lora = require("lora-packet");

const UPLINKS = 200, DOWNLINKS = 200, JOINS = 50;
let blocks = 0, pool = Buffer.alloc(0);

function bytes(count) {  // a stream of SHA-256 over a counter
  while (pool.length < count) {
    pool = Buffer.concat([pool, crypto.createHash("sha256").update(`luftpegel/${blocks++}`).digest()]);
  }
  const taken = pool.subarray(0, count);
  pool = pool.subarray(count);
  return Buffer.from(taken);
}

const below = (limit) => bytes(4).readUInt32BE() % limit;
const flag = () => below(2) === 1;
const hex = (buffer) => buffer.toString("hex");

function data(up) {
  const confirmed = flag();
  const port = below(4) === 0 ? null : below(5) === 0 ? 0 : 1 + below(255);
  const options = port === 0 || flag() ? Buffer.alloc(0) : bytes(below(16));
  const payload = port === null ? Buffer.alloc(0) : bytes(port === 0 ? 1 + below(40) : 1 + below(60));
  const high = flag() ? Buffer.alloc(2) : bytes(2);
  const low = bytes(2), address = bytes(4), appKey = bytes(16), networkKey = bytes(16);
  const control = { ADR: flag(), ACK: flag() };
  control[up ? "ADRACKReq" : "FPending"] = flag();
  const fields = {
    MType: up ? (confirmed ? 4 : 2) : (confirmed ? 5 : 3),
    DevAddr: address, FCtrl: control, FCnt: low, FOpts: options, payload: payload,
  };
  if (port !== null) fields.FPort = port;
  const wireHigh = Buffer.from([high[1], high[0]]);  // the package wants these two as on the air
  const packet = lora.fromFields(fields, appKey, networkKey, undefined, wireHigh);
  lora.recalculateMIC(packet, networkKey, undefined, wireHigh);  // the package leaves it out without a port
  return {
    confirmed, adr: control.ADR, ack: control.ACK, flag: control[up ? "ADRACKReq" : "FPending"],
    address: hex(address), counter: hex(high) + hex(low), options: hex(options), port, payload: hex(payload),
    application_key: hex(appKey), network_key: hex(networkKey), phy: hex(packet.getPHYPayload()),
  };
}

function join() {
  const appKey = bytes(16), joinEui = bytes(8), devEui = bytes(8), devNonce = bytes(2);
  const request = lora.fromFields({ AppEUI: joinEui, DevEUI: devEui, DevNonce: devNonce });
  lora.recalculateMIC(request, undefined, appKey);
  const joinNonce = bytes(3), netId = bytes(3), address = bytes(4);
  const settings = Buffer.from([(below(6) << 4) | below(8)]), delay = Buffer.from([1 + below(15)]);
  const channels = flag() ? Array.from({ length: 5 }, () => 8630000 + below(70000)) : [];
  const list = Buffer.alloc(channels.length ? 16 : 0);
  channels.forEach((steps, i) => list.writeUIntLE(steps, 3 * i, 3));
  const accept = lora.fromFields({
    MType: 1, AppNonce: joinNonce, NetID: netId, DevAddr: address,
    DLSettings: settings, RxDelay: delay, CFList: list,
  });
  lora.recalculateMIC(accept, undefined, appKey);
  const clear = Buffer.concat([accept.MACPayload, accept.MIC]);
  const cipher = crypto.createDecipheriv("aes-128-ecb", appKey, null).setAutoPadding(false);
  const phy = Buffer.concat([accept.MHDR, cipher.update(clear), cipher.final()]);
  if (!lora.decryptJoinAccept(lora.fromWire(phy), appKey).equals(Buffer.concat([accept.MHDR, clear]))) {
    throw new Error("lora-packet does not read this JoinAccept");
  }
  const keys = lora.generateSessionKeys(appKey, netId, joinNonce, devNonce);
  return {
    app_key: hex(appKey), join_eui: hex(joinEui), dev_eui: hex(devEui), dev_nonce: hex(devNonce),
    request: hex(request.getPHYPayload()), join_nonce: hex(joinNonce), net_id: hex(netId),
    address: hex(address), settings: hex(settings), delay: hex(delay),
    channels_hz: channels.map((steps) => steps * 100), accept: hex(phy),
    network_key: hex(keys.NwkSKey), application_key: hex(keys.AppSKey),
  };
}

const many = (count, make) => "[\n" + Array.from({ length: count }, () => JSON.stringify(make())).join(",\n") + "\n]";
process.stdout.write(
  `{"uplinks": ${many(UPLINKS, () => data(true))},\n"downlinks": ${many(DOWNLINKS, () => data(false))},\n` +
  `"joins": ${many(JOINS, join)}}\n`);
