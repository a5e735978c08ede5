// @aws-sdk/client-s3 with default settings; exits with an error at the first thing that is not as it should be.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { Readable } from "node:stream";

const require = createRequire(path.join(process.argv[2], "package.json"));
const s3 = require("@aws-sdk/client-s3");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");
const { Upload } = require("@aws-sdk/lib-storage");

const [, , , endpoint, accessKeyId, secretAccessKey, Bucket] = process.argv;
const settings = { endpoint, region: "us-east-1", forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } };
const client = new s3.S3Client(settings);
const send = (name, input) => client.send(new s3[`${name}Command`]({ Bucket, ...input }));
const bytesOf = async (output) => Buffer.from(await output.Body.transformToByteArray());

await send("CreateBucket");

for (const size of [0, 1, 100_000, 6_000_000]) {
  const Body = randomBytes(size);
  const Key = `dir/ü +${size}`;
  const put = await send("PutObject", { Key, Body, Metadata: { a: "1" } });
  assert.equal(put.ETag, `"${createHash("md5").update(Body).digest("hex")}"`);
  const got = await send("GetObject", { Key });
  assert.deepEqual(got.Metadata, { a: "1" });
  assert.ok((await bytesOf(got)).equals(Body));
}

for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  const Body = randomBytes(70_000);
  const put = await send("PutObject", { Key: "sum", Body, ChecksumAlgorithm });
  const head = await send("HeadObject", { Key: "sum", ChecksumMode: "ENABLED" });
  assert.equal(head[`Checksum${ChecksumAlgorithm}`], put[`Checksum${ChecksumAlgorithm}`]);
  assert.ok((await bytesOf(await send("GetObject", { Key: "sum", ChecksumMode: "ENABLED" }))).equals(Body));
}

const large = randomBytes(17 * 1024 * 1024 + 3);
await new Upload({ client, params: { Bucket, Key: "large", Body: Readable.from([large]) }, partSize: 5 * 1024 * 1024 }).done();
assert.ok((await bytesOf(await send("GetObject", { Key: "large" }))).equals(large));
const range = await send("GetObject", { Key: "large", Range: "bytes=5242870-5242889" });
assert.ok((await bytesOf(range)).equals(large.subarray(5242870, 5242890)));

await send("CopyObject", { Key: "copy", CopySource: `${Bucket}/large` });
assert.ok((await bytesOf(await send("GetObject", { Key: "copy" }))).equals(large));

// With its default settings the client puts the checksum of an empty body into a presigned upload.
const plain = new s3.S3Client({ ...settings, requestChecksumCalculation: "WHEN_REQUIRED" });
const url = await getSignedUrl(plain, new s3.PutObjectCommand({ Bucket, Key: "signed" }), { expiresIn: 60 });
assert.equal((await fetch(url, { method: "PUT", body: "by url" })).status, 200);
const read = await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: "signed" }), { expiresIn: 60 });
assert.equal(await (await fetch(read)).text(), "by url");

await assert.rejects(send("PutObject", { Key: "signed", Body: "x", IfNoneMatch: "*" }), { name: "PreconditionFailed" });
await assert.rejects(send("GetObject", { Key: "missing" }), { name: "NoSuchKey" });

const keys = [];
for await (const page of s3.paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) keys.push(...(page.Contents ?? []).map((item) => item.Key));
assert.deepEqual(keys, [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
assert.equal(keys.length, 8);
const gone = await send("DeleteObjects", { Delete: { Objects: keys.map((Key) => ({ Key })) } });
assert.equal(gone.Deleted.length, 8);
await send("DeleteBucket");
console.log("everything as it should be");
