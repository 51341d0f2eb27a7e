// SPDX-License-Identifier: ISC

// echo is an echo server in Go's classic style, for bench/echo.py to compare with: a goroutine and a buffered reader for each
// connection, which returns line by line; datagrams one by one.
//
//	echo tcp|udp 127.0.0.1:6666
package main

import (
	"bufio"
	"log"
	"net"
	"os"
)

func serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			if _, err := conn.Write(line); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func lines(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}

func datagrams(address string) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 65536)
	for {
		n, peer, err := conn.ReadFrom(buffer)
		if err != nil {
			continue
		}
		conn.WriteTo(buffer[:n], peer)
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("echo tcp|udp ADDRESS")
	}
	if os.Args[1] == "udp" {
		datagrams(os.Args[2])
	}
	lines(os.Args[2])
}
