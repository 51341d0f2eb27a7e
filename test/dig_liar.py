#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# A name server that does wrong, as the first label of the question says; on port 5353, UDP and TCP. What it is asked first it
# spoils, and what is then to be right is right.
import socket
import threading


def name_end(message):
    at = 12
    while message[at]:
        at += 1 + message[at]
    return at + 5


def answer(message, ident=None, flags=b"\x85\x00", question=None, records=1):
    question = question or message[12:name_end(message)]
    body = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x01\x00\x01" * records
    return (ident or message[:2]) + flags + b"\x00\x01" + records.to_bytes(2, "big") + b"\x00\x00\x00\x00" + question + body


def answers(message):
    what = message[13:13 + message[12]].decode()
    good = answer(message)
    other_id = bytes([message[0] ^ 1, message[1]])
    return {
        "wrongid": [answer(message, ident=other_id), good],
        "wrongname": [answer(message, question=b"\x05other\x00\x00\x01\x00\x01"), good],
        "short": [good[:5], good],
        "echo": [message, good],
        "cut": [good[:-3]],
        "extra": [good + b"abc"],
        "badlabel": [good[:12] + b"\x80" + good[13:]],
        "loop": [good[:name_end(message)] + b"\xc0" + bytes([name_end(message)]) + good[name_end(message) + 2:]],
        "silent": [],
        "empty": [b""],
    }.get(what, [good])


def over_tcp(peer):
    with peer:
        head = peer.recv(2)
        if len(head) < 2:
            return
        message = peer.recv(int.from_bytes(head, "big"))
        what = message[13:13 + message[12]].decode()
        if what == "hangup":
            return
        for a in answers(message):
            a = len(a).to_bytes(2, "big") + a
            if what == "half":
                peer.sendall(a[:20])
                return
            for i in range(len(a)):
                peer.sendall(a[i:i + 1])
        peer.recv(1)


def alone(peer):
    try:
        over_tcp(peer)
    except OSError:
        pass # it has heard enough


def serve_tcp(s):
    while True:
        threading.Thread(target=alone, args=(s.accept()[0],), daemon=True).start()


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 5353))
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tcp = socket.create_server(("127.0.0.1", 5353))
threading.Thread(target=serve_tcp, args=(tcp,), daemon=True).start()
print("listening", flush=True)
while True:
    message, peer = udp.recvfrom(4096)
    if message[13:13 + message[12]] == b"stranger":
        other.sendto(answer(message), peer)
    for a in answers(message):
        udp.sendto(a, peer)
