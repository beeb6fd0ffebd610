package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Offers a port of another network namespace on this one's loopback: connections are taken here and made there.
func relay() int {
	from := flag.String("listen", "", "address to take connections at, in this network namespace")
	namespace := flag.String("namespace", "", "file of the network namespace to make connections in")
	to := flag.String("to", "", "address to connect to, there")
	flag.Parse()
	listener, err := net.Listen("tcp", *from)
	if err != nil {
		fmt.Fprintf(os.Stderr, "Cannot listen at %s: %v\n", *from, err)
		return 1
	}
	wanted := make(chan chan<- net.Conn)
	go dialIn(*namespace, *to, wanted)
	for {
		near, err := listener.Accept()
		if err != nil {
			fmt.Fprintf(os.Stderr, "Cannot take a connection at %s: %v\n", *from, err)
			return 1
		}
		answer := make(chan net.Conn)
		wanted <- answer
		if far := <-answer; far != nil {
			go join(near.(*net.TCPConn), far.(*net.TCPConn))
		} else {
			near.Close()
		}
	}
}

// A socket belongs for ever to the namespace of the thread that made it: one thread makes them all.
func dialIn(namespace, to string, wanted <-chan chan<- net.Conn) {
	runtime.LockOSThread()
	if err := enter(namespace); err != nil {
		fmt.Fprintf(os.Stderr, "Cannot enter %s: %v\n", namespace, err)
		os.Exit(1)
	}
	for answer := range wanted {
		connection, err := net.Dial("tcp", to)
		if err != nil {
			fmt.Fprintf(os.Stderr, "Cannot connect to %s: %v\n", to, err)
			connection = nil
		}
		answer <- connection
	}
}

func enter(namespace string) error {
	file, err := os.Open(namespace)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
}

func join(near, far *net.TCPConn) {
	done := make(chan struct{})
	pour := func(from, into *net.TCPConn) {
		io.Copy(into, from)
		into.CloseWrite()
		done <- struct{}{}
	}
	go pour(near, far)
	go pour(far, near)
	<-done
	<-done
	near.Close()
	far.Close()
}
