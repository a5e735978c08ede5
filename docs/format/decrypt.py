#!/usr/bin/env python3
"""Reads one object that Sluice has encrypted, without Sluice. The format is in crypt.md.

python3 decrypt.py --keyring keys.toml --epoch EPOCH --bucket NAME --key KEY OBJECT > plain

OBJECT is the stored object; EPOCH the stored object .sluice/crypt/epoch/ID, or a directory of such files.
"""
import argparse, base64, os, struct, sys, tomllib
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER, SEGMENT, TAG = 136, 65536, 16
STREAM, EPOCH = b"\x89SluCry\x01", b"\x89SluEpo\x01"
WHOLE, PARTS = b"\x89SluWhl\x01", b"\x89SluPrt\x01"


def derive(secret, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def sized(text):
    return struct.pack("<I", len(text)) + text


def epoch_key(path, epoch, keyring, bucket):
    record = open(os.path.join(path, epoch.hex()) if os.path.isdir(path) else path, "rb").read()
    assert record[:8] == EPOCH and record[8:24] == epoch, "not the epoch key of this object"
    id_end = 28 + struct.unpack_from("<I", record, 24)[0]
    wrapped = record[id_end + 4 : -4]
    keys = {key["id"]: base64.b64decode(key["secret"]) for key in tomllib.load(open(keyring, "rb"))["key"]}
    context = b"sluice crypt v1 epoch" + epoch + sized(bucket)
    return AESGCM(keys[record[28:id_end].decode()]).decrypt(wrapped[:12], wrapped[12:], context)


def data_key(envelope, options):
    head, nonce, wrapped = envelope[:36], envelope[36:48], envelope[48:96]
    bucket, key = options.bucket.encode(), options.key.encode()
    epoch = epoch_key(options.epoch, head[20:36], options.keyring, bucket)
    wrapping = derive(epoch, head[4:20], b"sluice crypt v1 wrap")
    return AESGCM(wrapping).decrypt(nonce, wrapped, head + sized(bucket) + sized(key))


class Stream:
    """One stream's key: opens its segments and its footer."""

    def __init__(self, envelope, secret, stream, part, role):
        algorithm, shape, self.id = envelope[1], envelope[2], envelope[4:20] + struct.pack("<I", part)
        info = b"sluice crypt v1 stream" + bytes([algorithm, shape, role, 0]) + self.id + struct.pack("<I", SEGMENT)
        self.cipher = {1: AESGCM, 2: ChaCha20Poly1305}[algorithm](derive(secret, stream, info))

    def open(self, kind, index, sealed):
        return self.cipher.decrypt(struct.pack("<IQ", kind, index), sealed, self.id + struct.pack("<Q", index))

    def segments(self, sealed):
        count = max(1, -(-len(sealed) // (SEGMENT + TAG)))
        for index in range(count):
            piece = sealed[index * (SEGMENT + TAG) : (index + 1) * (SEGMENT + TAG)]
            yield self.open(int(index + 1 == count), index, piece)


def sealed_size(plain):
    return plain + TAG * max(1, -(-plain // SEGMENT))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--keyring", "--epoch", "--bucket", "--key"):
        parser.add_argument(name, required=True)
    parser.add_argument("--envelope", help="the value of the metadata sluice-crypt: a copied object needs it")
    parser.add_argument("object")
    options = parser.parse_args()
    stored, out = open(options.object, "rb").read(), sys.stdout.buffer
    assert stored[:9] == STREAM + b"\1", "not an object that Sluice has encrypted in this version of the format"
    envelope = stored[8:104]
    if options.envelope:
        envelope = base64.urlsafe_b64decode(options.envelope + "=" * (-len(options.envelope) % 4))
    secret = data_key(envelope, options)
    if stored[-8:] == WHOLE:
        stream = Stream(envelope, secret, envelope[4:20], 0, 0)
        plain = list(stream.segments(stored[HEADER:-176]))
        stream.open(2, len(plain), stored[-176:-8])
        return out.writelines(plain)
    assert stored[-8:] == PARTS, "the object is cut off"
    size = sealed_size(struct.unpack_from("<Q", stored, len(stored) - 24)[0])
    start = len(stored) - 24 - size - HEADER
    manifest = Stream(envelope, secret, stored[start + 104 : start + 120], 0, 1)
    table = b"".join(manifest.segments(stored[start + HEADER : -24]))
    at = 5 + struct.unpack_from("<I", table, 1)[0]  # behind the version and the entity tag
    at += 1 if table[at] == 0 else 9 + struct.unpack_from("<I", table, at + 5)[0]  # and the checksum
    place, count = 0, struct.unpack_from("<I", table, at)[0]
    for stream, part, plain, padding in struct.iter_unpack("<16sIQI", table[at + 4 : at + 4 + 32 * count]):
        end = place + HEADER + sealed_size(plain)
        out.writelines(Stream(envelope, secret, stream, part, 0).segments(stored[place + HEADER : end]))
        place = end + padding
    assert place == start, "parts are missing"


if __name__ == "__main__":
    main()
