// Empty does nothing: what it costs, any Go program costs.
package main

func main() {}
