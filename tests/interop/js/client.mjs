// gRPC's interoperability cases with @grpc/grpc-js: node client.mjs HOST:PORT PROTO
// Says of each case, one line of JSON at a time, whether it went well: {"case": …, "why": null}.
import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [address, proto] = process.argv.slice(2);
const PATIENCE_MS = 30_000;
const LARGE_REQUEST = 271_828;
const LARGE_RESPONSE = 314_159;
const REQUEST_SIZES = [27_182, 8, 1_828, 45_904];
const RESPONSE_SIZES = [31_415, 9, 2_653, 58_979];
const INITIAL = "x-grpc-test-echo-initial";
const TRAILING = "x-grpc-test-echo-trailing-bin";
const SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
const GZIP = { "grpc.default_compression_algorithm": 2 };

const { testing } = grpc.loadPackageDefinition(loadSync(proto, { keepCase: true, defaults: true })).grpc;
const client = (service = "TestService", options = {}) =>
  new testing[service](address, grpc.credentials.createInsecure(), options);
const soon = (ms = PATIENCE_MS) => ({ deadline: Date.now() + ms });
const payload = (size) => ({ body: Buffer.alloc(size) });
const large = { response_size: LARGE_RESPONSE, payload: payload(LARGE_REQUEST) };
const wanting = (sizes, sent = 0) => ({
  response_parameters: sizes.map((size) => ({ size })),
  payload: payload(sent),
});
const rallies = RESPONSE_SIZES.map((size, n) => wanting([size], REQUEST_SIZES[n]));

// A call with one answer: how it ended, and what it brought.
function ended(start) {
  return new Promise((resolve) => {
    const outcome = { initial: null, trailing: null };
    let answered = null;
    const settle = () => {
      if (answered && outcome.trailing) resolve({ ...outcome, ...answered });
    };
    const call = start((error, answer) => {
      answered = { error, answer };
      settle();
    });
    call.on("metadata", (metadata) => (outcome.initial = metadata));
    call.on("status", (status) => {
      outcome.status = status;
      outcome.trailing = status.metadata;
      settle();
    });
  });
}

// A call with a stream of answers, once it has ended. reply: called with each answer's number.
function streamed(call, reply = () => {}) {
  return new Promise((resolve) => {
    const outcome = { answers: [], initial: null };
    call.on("metadata", (metadata) => (outcome.initial = metadata));
    call.on("data", (answer) => {
      outcome.answers.push(answer);
      reply(outcome.answers.length);
    });
    call.on("error", () => {}); // its status says the same
    call.on("status", (status) => resolve({ ...outcome, status, trailing: status.metadata }));
  });
}

const unary = (stub, request, { metadata = new grpc.Metadata(), method = "UnaryCall" } = {}) =>
  ended((done) => stub[method](request, metadata, soon(), done));

function checkLarge({ error, answer }) {
  assert.equal(error, null);
  assert.deepEqual(answer.payload.body, Buffer.alloc(LARGE_RESPONSE));
}

function checkSizes({ answers, status }, sizes) {
  assert.equal(status.code, grpc.status.OK);
  assert.deepEqual(answers.map((answer) => answer.payload.body.length), sizes);
}

function checkStatus({ status }, code, details) {
  assert.equal(status.code, code);
  if (details !== undefined) assert.equal(status.details, details);
}

function checkEcho({ initial, trailing }) {
  assert.deepEqual(initial.get(INITIAL), ["test_initial_metadata_value"]);
  assert.deepEqual(trailing.get(TRAILING), [Buffer.from([0xab, 0xab, 0xab])]);
}

async function statusOf(stub, message) {
  const wanted = { response_status: { code: grpc.status.UNKNOWN, message } };
  checkStatus(await unary(stub, wanted), grpc.status.UNKNOWN, message);
  const call = stub.FullDuplexCall(soon());
  call.write(wanted);
  call.end();
  checkStatus(await streamed(call), grpc.status.UNKNOWN, message);
}

const cases = {
  async empty_unary(stub) {
    const { error, answer } = await unary(stub, {}, { method: "EmptyCall" });
    assert.equal(error, null);
    assert.deepEqual({ ...answer }, {});
  },

  async large_unary(stub) {
    checkLarge(await unary(stub, large));
  },

  async client_streaming(stub) {
    const { error, answer } = await ended((done) => {
      const call = stub.StreamingInputCall(soon(), done);
      for (const size of REQUEST_SIZES) call.write({ payload: payload(size) });
      call.end();
      return call;
    });
    assert.equal(error, null);
    assert.equal(answer.aggregated_payload_size, 74_922);
  },

  async server_streaming(stub) {
    const call = stub.StreamingOutputCall(wanting(RESPONSE_SIZES), soon());
    checkSizes(await streamed(call), RESPONSE_SIZES);
  },

  async ping_pong(stub) {
    const call = stub.FullDuplexCall(soon());
    call.write(rallies[0]);
    const reply = (n) => (n < rallies.length ? call.write(rallies[n]) : call.end());
    checkSizes(await streamed(call, reply), RESPONSE_SIZES);
  },

  async half_duplex(stub) {
    const call = stub.HalfDuplexCall(soon());
    for (const request of rallies) call.write(request);
    call.end();
    checkSizes(await streamed(call), RESPONSE_SIZES);
  },

  async empty_stream(stub) {
    const call = stub.FullDuplexCall(soon());
    call.end();
    checkSizes(await streamed(call), []);
  },

  async cancel_after_begin(stub) {
    const outcome = await ended((done) => {
      const call = stub.StreamingInputCall(soon(), done);
      setImmediate(() => call.cancel());
      return call;
    });
    checkStatus(outcome, grpc.status.CANCELLED);
  },

  async cancel_after_first_response(stub) {
    const call = stub.FullDuplexCall(soon());
    call.write(rallies[0]);
    const outcome = await streamed(call, () => call.cancel());
    checkStatus(outcome, grpc.status.CANCELLED);
    assert.equal(outcome.answers.length, 1);
  },

  async timeout_on_sleeping_server(stub) {
    for (const ms of [1, 200]) {
      const call = stub.FullDuplexCall(soon(ms));
      call.write(wanting([], 27_182));
      checkStatus(await streamed(call), grpc.status.DEADLINE_EXCEEDED);
    }
  },

  async status_code_and_message(stub) {
    await statusOf(stub, "test status message");
  },

  async special_status_message(stub) {
    await statusOf(stub, SPECIAL);
  },

  async unimplemented_method(stub) {
    const outcome = await unary(stub, {}, { method: "UnimplementedCall" });
    checkStatus(outcome, grpc.status.UNIMPLEMENTED);
  },

  async unimplemented_service() {
    const other = client("UnimplementedService");
    const outcome = await unary(other, {}, { method: "UnimplementedCall" });
    other.close();
    checkStatus(outcome, grpc.status.UNIMPLEMENTED);
  },

  async custom_metadata(stub) {
    const metadata = new grpc.Metadata();
    metadata.set(INITIAL, "test_initial_metadata_value");
    metadata.set(TRAILING, Buffer.from([0xab, 0xab, 0xab]));
    const one = await unary(stub, large, { metadata });
    checkLarge(one);
    checkEcho(one);
    const call = stub.FullDuplexCall(metadata, soon());
    call.write(wanting([LARGE_RESPONSE], LARGE_REQUEST));
    call.end();
    const duplex = await streamed(call);
    checkSizes(duplex, [LARGE_RESPONSE]);
    checkEcho(duplex);
  },

  // The server takes no compressed messages, and says so.
  async client_compressed_unary(stub) {
    const probe = { ...large, expect_compressed: { value: true } };
    checkStatus(await unary(stub, probe), grpc.status.INVALID_ARGUMENT);
    const compressing = client("TestService", GZIP);
    checkStatus(await unary(compressing, probe), grpc.status.UNIMPLEMENTED);
    compressing.close();
    checkLarge(await unary(stub, { ...large, expect_compressed: { value: false } }));
  },

  async client_compressed_streaming() {
    const compressing = client("TestService", GZIP);
    const outcome = await ended((done) => {
      const call = compressing.StreamingInputCall(soon(), done);
      call.on("error", () => {});
      call.write({ payload: payload(27_182), expect_compressed: { value: true } });
      call.end();
      return call;
    });
    compressing.close();
    checkStatus(outcome, grpc.status.UNIMPLEMENTED);
  },

  // Nor does it compress: a client takes plain answers whatever it has asked for.
  async server_compressed_unary(stub) {
    for (const value of [true, false])
      checkLarge(await unary(stub, { ...large, response_compressed: { value } }));
  },

  async server_compressed_streaming(stub) {
    const request = wanting([31_415, 92_653]);
    request.response_parameters[0].compressed = { value: true };
    checkSizes(await streamed(stub.StreamingOutputCall(request, soon())), [31_415, 92_653]);
  },

  async rpc_soak(stub) {
    for (let n = 0; n < 100; n++) checkLarge(await unary(stub, large));
  },

  async channel_soak() {
    for (let n = 0; n < 20; n++) {
      const own = client("TestService", { "grpc.use_local_subchannel_pool": 1 });
      checkLarge(await unary(own, large));
      own.close();
    }
  },

  // As many as may be on their way on one connection before they are complete, 8 MiB in all.
  async concurrent_large_unary(stub) {
    const calls = Array.from({ length: 30 }, () => unary(stub, large));
    for (const outcome of await Promise.all(calls)) checkLarge(outcome);
  },

  async concurrent_large_streams(stub) {
    const sizes = Array.from({ length: 20 }, (_, n) => 200_000 + n);
    const calls = Array.from({ length: 8 }, () =>
      streamed(stub.StreamingOutputCall(wanting(sizes), soon())),
    );
    for (const outcome of await Promise.all(calls)) checkSizes(outcome, sizes);
  },

  async a_thousand_in_sequence(stub) {
    for (let size = 0; size < 1_000; size++) {
      const { answer } = await unary(stub, { response_size: size });
      assert.equal(answer.payload.body.length, size);
    }
  },

  async a_hundred_at_once(stub) {
    const sizes = Array.from({ length: 100 }, (_, n) => n);
    const calls = sizes.map((size) => unary(stub, { response_size: size }));
    (await Promise.all(calls)).forEach(({ answer }, n) =>
      assert.equal(answer.payload.body.length, n),
    );
  },
};

const shared = client();
for (const [name, run] of Object.entries(cases)) {
  let why = null;
  try {
    await run(shared);
  } catch (error) {
    why = String(error?.message ?? error).split("\n").slice(0, 3).join(" ");
  }
  console.log(JSON.stringify({ case: name, why }));
}
shared.close();
