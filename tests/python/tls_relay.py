"""Relays HTTPS to a server that speaks HTTP: tls_relay.py URL CA_FILE. The certificate is of a CA made for it, which CA_FILE gets.

Prints its port, and ends when its standard input does.
"""

import datetime
import http.server
import ipaddress
import pathlib
import ssl
import sys
import tempfile
import threading
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(name, issuer, key, signed_with, extensions):
    now = datetime.datetime.now(datetime.UTC)
    common_name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    builder = x509.CertificateBuilder(common_name(issuer), common_name(name), key.public_key(), 1 + len(extensions))
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=9))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(signed_with, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        passed_on = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        request = urllib.request.Request(sys.argv[1], body, passed_on, method="POST")
        with urllib.request.urlopen(request) as response:
            answer = response.read()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def main():
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    ca = certificate("company", "company", ca_key, ca_key, [x509.BasicConstraints(ca=True, path_length=None)])
    leaf = certificate("relay", "company", key, ca_key, [address, x509.BasicConstraints(ca=False, path_length=None)])
    pathlib.Path(sys.argv[2]).write_bytes(ca)
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:
        chain.write(private + leaf)
        chain.flush()
        context.load_cert_chain(chain.name)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
