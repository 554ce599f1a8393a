package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const top = `File: engine
Type: cpu
Duration: 3.20s, Total samples = 3000ms (93.75%)
Showing nodes accounting for 3000ms, 100% of 3000ms total
      flat  flat%   sum%        cum   cum%
    2500ms 83.33% 83.33%     2500ms 83.33%  internal/runtime/syscall/linux.Syscall6
     100ms  3.33% 86.67%      100ms  3.33%  runtime.futex
     150ms  5.00% 91.67%      150ms  5.00%  github.com/rawping/rawping/internal/echo.(*schedule).sink (inline)
      50ms  1.67% 93.33%     2900ms 96.67%  github.com/rawping/rawping/internal/echo.(*Engine).Run
     100ms  3.33% 96.67%      100ms  3.33%  github.com/dchest/siphash.Hash
      40ms  1.33% 98.00%       40ms  1.33%  aeshashbody
      20ms  0.67% 98.67%       20ms  0.67%  internal/runtime/maps.(*Iter).Next
      30ms  1.00% 99.67%       30ms  1.00%  sync.(*Mutex).Lock (inline)
      10ms  0.33%   100%       10ms  0.33%  github.com/influxdata/telegraf/metric.New
`

func TestReadTop(t *testing.T) {
	p, err := readTop([]byte(top))
	require.NoError(t, err)
	require.Equal(t, []share{
		{"the kernel", 2600. / 3000},
		{"our internal/echo", 200. / 3000},
		{"github.com/dchest/siphash", 100. / 3000},
		{"Go's runtime", 60. / 3000},
		{"Go's library", 30. / 3000},
		{"Telegraf", 10. / 3000},
	}, p.places)
	require.Equal(t, []share{
		{"internal/echo.(*schedule).sink", 150. / 3000},
		{"internal/echo.(*Engine).Run", 50. / 3000},
	}, p.functions)

	_, err = readTop([]byte("File: engine\n"))
	require.ErrorContains(t, err, "no samples")
}
