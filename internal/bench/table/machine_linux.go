package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// conditions are what the figures were measured on and with, as the page says it.
func (s *session) conditions(version string) (string, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", os.NewSyscallError("uname", err)
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return "", os.NewSyscallError("sysinfo", err)
	}
	cpus, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	cpu := "unknown processor"
	if _, after, ok := strings.Cut(string(cpus), "model name\t: "); ok {
		cpu, _, _ = strings.Cut(after, "\n")
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "", err
	}
	average, _, _ := strings.Cut(string(load), " ")
	peers, err := s.versions()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d cores of %s, %.0f GB, %s %s, %s; load average before: %s.\nrawping %s beside %s.\n",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), cpu, float64(info.Totalram)*float64(info.Unit)/1e9,
		unix.ByteSliceToString(name.Sysname[:]), unix.ByteSliceToString(name.Release[:]), runtime.Version(), average,
		version, strings.Join(peers, ", ")), nil
}

// versions says what is compared with. It is an error if something is not there.
func (s *session) versions() ([]string, error) {
	var versions []string
	for _, peer := range []struct {
		command command
		before  string // what stands before the version
	}{
		{command{"fping", "-v"}, "Version "},
		{command{"ping", "-V"}, "ping from "},
		{command{checkICMP, "-V"}, "check_icmp v"},
	} {
		line, _, _ := strings.Cut(peer.command.said(), "\n")
		_, version, ok := strings.Cut(line, peer.before)
		if !ok || version == "" {
			return nil, fmt.Errorf("%v says %q, and no version: is it installed?", peer.command, line)
		}
		versions = append(versions, filepath.Base(peer.command[0])+" "+version)
	}
	info, err := buildinfo.ReadFile(s.program("accuracy"))
	if err != nil {
		return nil, err
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "github.com/influxdata/telegraf", "github.com/prometheus-community/pro-bing":
			versions = append(versions, path.Base(dep.Path)+" "+dep.Version)
		}
	}
	return versions, nil
}
