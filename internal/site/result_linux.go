package site

// Result is what a scheduler knows of a service or a host after a check of it.
type Result struct {
	State    int    // of a service: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; of a host: 0 UP, 1 DOWN
	Output   string // the status line, without perfdata
	Long     string // the lines after it
	Perfdata string
}
