//go:build unix && !linux

package icmpsock

// pollerFiles are as many as the runtime opens at most.
var pollerFiles = []pollerFile{anotherFile, anotherFile, anotherFile}
