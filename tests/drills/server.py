"""A camera on the network: python server.py http|tcp|rtsp PORT [WIDTHxHEIGHT]. Endless, ten frames a second.

Frame k is gray 10 * k (modulo 250). Every client gets a stream of its own, from its first frame on.
"""

from __future__ import annotations

import socketserver
import struct
import sys
import time

import cv2
import numpy as np

from realtime.output.mpeg4 import Encoder, described

FPS = 10


def picture(index: int, size: tuple[int, int]) -> np.ndarray:
    """Frame `index` as BGR."""
    return np.full((size[1], size[0], 3), 10 * index % 250, np.uint8)


def jpegs(size):
    """Frames as JPEG, at their pace."""
    index = 0
    while True:
        yield cv2.imencode(".jpg", picture(index, size))[1].tobytes()
        index += 1
        time.sleep(1 / FPS)


class Http(socketserver.StreamRequestHandler):
    """Motion JPEG over HTTP, as most cameras give it."""

    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
        for data in jpegs(self.server.size):
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data))
            self.wfile.write(data + b"\r\n")


class Tcp(socketserver.StreamRequestHandler):
    """MPEG-4 pictures one after the other, with nothing around them."""

    def handle(self):
        group, index = mpeg4_group(self.server.size), 0
        while True:
            self.wfile.write(group[index % len(group)])
            index += 1
            time.sleep(1 / FPS if index > 20 else 0)  # players want some pictures at once to know the format


class Rtsp(socketserver.StreamRequestHandler):
    """MPEG-4 over RTP (RFC 6416) within the RTSP connection (RFC 2326)."""

    def handle(self):
        group = mpeg4_group(self.server.size)
        while lines := self.request_lines():
            verb, sequence = lines[0].split()[0], next(x for x in lines if x.lower().startswith("cseq"))
            self.answer(verb, sequence, described(group[0])[1].hex())
            if verb == "PLAY":
                self.play(group)

    def request_lines(self):
        """One request's lines; none at the end."""
        lines = []
        while line := self.rfile.readline().decode().strip():
            lines.append(line)
        return lines

    def answer(self, verb, sequence, config):
        """The part of the protocol that FFmpeg asks for."""
        more, body = "", ""
        if verb == "OPTIONS":
            more = "Public: DESCRIBE, SETUP, PLAY\r\n"
        elif verb == "DESCRIBE":
            body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=drill\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
            body += f"a=rtpmap:96 MP4V-ES/90000\r\na=fmtp:96 profile-level-id=1; config={config}\r\na=control:track\r\n"
            more = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif verb == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        elif verb == "PLAY":
            more = "Session: 1\r\n"
        self.wfile.write(f"RTSP/1.0 200 OK\r\n{sequence}\r\n{more}\r\n{body}".encode())

    def play(self, group):
        """Send the group again and again, a packet in pieces of 1400 bytes, the last one marked."""
        number, index = 0, 0
        while True:
            packet = group[index % len(group)]
            for at in range(0, len(packet), 1400):
                piece = packet[at : at + 1400]
                kind = 96 | (0x80 if at + 1400 >= len(packet) else 0)
                header = struct.pack(">BBHII", 0x80, kind, number & 0xFFFF, index * 90_000 // FPS, 1)
                self.wfile.write(struct.pack(">cBH", b"$", 0, len(header + piece)) + header + piece)
                number += 1
            index += 1
            time.sleep(1 / FPS)


def mpeg4_group(size):
    """Ten frames as MPEG-4 packets, the first a key picture."""
    encoder = Encoder(size)
    for index in range(10):
        encoder.add(picture(index, size))
    return encoder.packets()


class Server(socketserver.ThreadingTCPServer):
    """One thread per client; a restart may take the port again at once."""

    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients come and go."""


if __name__ == "__main__":
    kind, port, size = sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "64x48"
    with Server(("127.0.0.1", port), {"http": Http, "tcp": Tcp, "rtsp": Rtsp}[kind]) as server:
        server.size = tuple(map(int, size.split("x")))
        print("ready", flush=True)
        server.serve_forever()
