"""The commands of OpenSSL's program that the tests and the documentation use, by OpenSSL's library in `cryptography`."""

import argparse
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CURVES = {"prime256v1": ec.SECP256R1, "secp384r1": ec.SECP384R1, "secp256k1": ec.SECP256K1}
PEM = serialization.Encoding.PEM


def ecparam(arguments):
    key = ec.generate_private_key(CURVES[arguments.name]())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    arguments.out.write_bytes(key.private_bytes(PEM, form, serialization.NoEncryption()))


def public_part(arguments):
    key = serialization.load_pem_private_key(getattr(arguments, "in").read_bytes(), password=None)
    public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    arguments.out.write_bytes(public)


def verify(arguments):
    key = serialization.load_pem_public_key(arguments.verify.read_bytes())
    try:
        key.verify(arguments.signature.read_bytes(), arguments.file.read_bytes(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        print("Verification failure")
        sys.exit(1)
    print("Verified OK")


def main():
    parser = argparse.ArgumentParser(prog="openssl", allow_abbrev=False)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("ecparam")
    command.set_defaults(run=ecparam)
    for flag in ["-genkey", "-noout"]:
        command.add_argument(flag, action="store_true", required=True)
    command.add_argument("-name", choices=CURVES, required=True)
    command.add_argument("-out", type=pathlib.Path, required=True)
    command = commands.add_parser("ec")
    command.set_defaults(run=public_part)
    command.add_argument("-in", type=pathlib.Path, required=True)
    command.add_argument("-pubout", action="store_true", required=True)
    command.add_argument("-out", type=pathlib.Path, required=True)
    command = commands.add_parser("dgst")
    command.set_defaults(run=verify)
    command.add_argument("-sha256", action="store_true", required=True)
    command.add_argument("-verify", type=pathlib.Path, required=True)
    command.add_argument("-signature", type=pathlib.Path, required=True)
    command.add_argument("file", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
