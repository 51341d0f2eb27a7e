#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Peers for nc.sh that sh cannot be:
    nc_peer.py signed PORT KEY          answers one connection, whose segments are signed (TCP's MD5 option, RFC 2385), with what it says
    nc_peer.py types KEY COMMAND...     runs a command at a terminal and types the key when it asks for a password; then our input
    nc_peer.py passed WORDS COMMAND...  runs a command whose standard output is a socket, is passed a descriptor there, and talks over it
"""
import os, pty, socket, struct, subprocess, sys

TCP_MD5SIG = 14


def signed(port, key):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    peer = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("127.0.0.1")).ljust(128, b"\0")
    listener.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, peer + struct.pack("=BBHI", 0, 0, len(key), 0) + key.encode().ljust(80, b"\0"))
    listener.bind(("127.0.0.1", int(port)))
    listener.listen()
    s, _ = listener.accept()
    while data := s.recv(65536):
        s.sendall(data)
    s.close()


def heard(terminal, words):
    said = b""
    while words not in said:
        said += os.read(terminal, 1000)


def types(key, *command):
    words = sys.stdin.buffer.read()
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    heard(terminal, b"assword")
    os.write(terminal, key.encode() + b"\n")
    heard(terminal, b"succeeded")  # what is typed before that, it throws away
    os.write(terminal, words + b"\4")
    try:
        while data := os.read(terminal, 1000):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except OSError:  # it has ended
        pass
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def passed(words, *command):
    ours, theirs = socket.socketpair()
    ours.settimeout(20)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs)
    theirs.close()
    _, descriptors, _, _ = socket.recv_fds(ours, 1000, 2)
    print("descriptors", len(descriptors), "status", child.wait(), flush=True)
    s = socket.socket(fileno=descriptors[0])
    s.settimeout(20)
    s.sendall(words.encode())
    s.shutdown(socket.SHUT_WR)
    while data := s.recv(65536):
        sys.stdout.buffer.write(data)


globals()[sys.argv[1]](*sys.argv[2:])
