package icmpsock

import "golang.org/x/sys/unix"

// pollerFiles are what the runtime's netpollinit opens.
var pollerFiles = []pollerFile{
	{"epoll_create1", func() (int, error) { return unix.EpollCreate1(unix.EPOLL_CLOEXEC) }},
	{"eventfd2", func() (int, error) { return unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK) }},
	anotherFile,
}
