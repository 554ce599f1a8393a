package native

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/stats"
	"github.com/rawping/rawping/internal/wire"
)

// The forms of --output json. docs/check.md describes every field; a field
// without a value is left out.
type (
	jsonReport struct {
		State     string     `json:"state"`
		ExitCode  int        `json:"exit_code"`
		Text      string     `json:"text"`
		Error     string     `json:"error,omitempty"`
		StoppedBy string     `json:"stopped_by,omitempty"`
		Took      float64    `json:"took_ms,omitempty"`
		News      []string   `json:"news,omitempty"`
		Notices   []string   `json:"notices,omitempty"`
		Hosts     []jsonHost `json:"hosts,omitempty"`
	}
	jsonHost struct {
		Name       string          `json:"name"`
		Address    string          `json:"address,omitempty"`
		State      string          `json:"state"`
		Error      string          `json:"error,omitempty"`
		Packets    jsonPackets     `json:"packets"`
		Loss       *float64        `json:"loss_percent,omitempty"`
		RTT        *jsonRTT        `json:"rtt_ms,omitempty"`
		Jitter     *jsonJitter     `json:"jitter_ms,omitempty"`
		MOS        *float64        `json:"mos,omitempty"`
		Score      *float64        `json:"score,omitempty"`
		TTL        *jsonTTL        `json:"ttl,omitempty"`
		Reasons    []string        `json:"reasons,omitempty"`
		Refusals   []jsonRefusal   `json:"refusals,omitempty"`
		Thresholds []jsonThreshold `json:"thresholds"`
		Path       []jsonHop       `json:"path,omitempty"`
		Probes     []jsonProbe     `json:"probes,omitempty"`
	}
	jsonPackets struct {
		Wanted          int    `json:"wanted"`
		Sent            uint64 `json:"sent"`
		Received        uint64 `json:"received"`
		Lost            uint64 `json:"lost"`
		Refused         uint64 `json:"refused"`
		NotSent         uint64 `json:"not_sent"`
		Abandoned       uint64 `json:"abandoned"`
		Late            uint64 `json:"late"`
		LateRefusals    uint64 `json:"late_refusals"`
		Duplicates      uint64 `json:"duplicates"`
		OutOfOrder      uint64 `json:"out_of_order"`
		Corrupt         uint64 `json:"corrupt"`
		WrongSource     uint64 `json:"wrong_source"`
		Suspect         uint64 `json:"suspect"`
		LongestLossRun  uint64 `json:"longest_loss_run"`
		ConsecutiveLost uint64 `json:"consecutive_lost"`
	}
	jsonRTT struct {
		Min    float64 `json:"min"`
		Mean   float64 `json:"mean"`
		Median float64 `json:"median"`
		P90    float64 `json:"p90"`
		P95    float64 `json:"p95"`
		P99    float64 `json:"p99"`
		Max    float64 `json:"max"`
		StdDev float64 `json:"stddev"`
		Source string  `json:"source"`
	}
	jsonJitter struct {
		Mean    float64 `json:"mean"`
		Min     float64 `json:"min"`
		Max     float64 `json:"max"`
		RFC3550 float64 `json:"rfc3550"`
	}
	jsonTTL struct {
		First   int    `json:"first"`
		Last    int    `json:"last"`
		Changes uint64 `json:"changes"`
	}
	jsonRefusal struct {
		From    string `json:"from"`
		Type    uint8  `json:"type"`
		Code    uint8  `json:"code"`
		Text    string `json:"text"`
		Packets uint64 `json:"packets"`
	}
	jsonThreshold struct {
		Metric   string   `json:"metric"`
		Value    *float64 `json:"value,omitempty"`
		Unit     string   `json:"unit,omitempty"`
		Warning  string   `json:"warning,omitempty"`
		Critical string   `json:"critical,omitempty"`
		State    string   `json:"state"`
	}
	jsonHop struct {
		Limit   int     `json:"hop"`
		From    string  `json:"from,omitempty"`
		RTT     float64 `json:"rtt_ms,omitempty"`
		Reached bool    `json:"reached,omitempty"`
		Error   string  `json:"error,omitempty"`
	}
	jsonProbe struct {
		Number     uint64   `json:"number"`
		Seq        uint16   `json:"icmp_seq"`
		Event      string   `json:"event"`
		RTT        *float64 `json:"rtt_ms,omitempty"`
		RTTSource  string   `json:"rtt_source,omitempty"`
		From       string   `json:"from,omitempty"`
		TTL        *int     `json:"ttl,omitempty"`
		Error      string   `json:"error,omitempty"`
		OutOfOrder bool     `json:"out_of_order,omitempty"`
		Truncated  bool     `json:"truncated,omitempty"`
		Suspect    bool     `json:"suspect,omitempty"`
		Weak       bool     `json:"weak,omitempty"`
	}
)

func (s *settings) renderJSON(r *check.Results, status nagios.Status, news []string) string {
	names := displayNames(r)
	report := jsonReport{
		State: status.String(), ExitCode: int(status), Text: s.statusText(r, status, names),
		StoppedBy: r.Ending.String(), Took: inMilliseconds(r.Took), News: news, Notices: r.Notices,
	}
	for _, h := range r.Hosts {
		report.Hosts = append(report.Hosts, s.jsonHost(h, r.Ending))
	}
	return marshal(report)
}

// failedJSON returns the report of a check that could not be begun.
func failedJSON(err error) string {
	failed := unknown(err)
	return marshal(jsonReport{
		State: failed.Status.String(), ExitCode: int(failed.Status),
		Text: strings.TrimSuffix(failed.Text, "\n"), Error: err.Error(),
	})
}

func marshal(report jsonReport) string {
	text, err := json.Marshal(report)
	if err != nil { // no float is without a value
		return unknown(err).Text
	}
	return string(text) + "\n"
}

func (s *settings) jsonHost(h *check.Host, end check.Ending) jsonHost {
	c := h.Window.Counts()
	j := jsonHost{
		Name: h.Name, State: s.judgeHost(h).String(), Reasons: s.explain(h, end),
		Packets: jsonPackets{
			Wanted: h.Packets, Sent: c.Sent(), Received: c.Replies, Lost: c.Lost, Refused: c.Refused,
			NotSent: c.NotSent, Abandoned: c.Abandoned, Late: c.Late, LateRefusals: c.LateRefusals, Duplicates: c.Duplicates,
			OutOfOrder: c.OutOfOrder, Corrupt: c.Corrupt, WrongSource: c.WrongSource, Suspect: c.Suspect,
			LongestLossRun: h.Window.LongestLoss(), ConsecutiveLost: h.Window.ConsecutiveLost(),
		},
		Thresholds: []jsonThreshold{},
	}
	if h.Err != nil {
		j.Error = h.Why().Error()
		return j
	}
	j.Address = h.Addr.String()
	s.addFigures(&j, h)
	for _, e := range h.Refusals {
		j.Refusals = append(j.Refusals, jsonRefusal{
			From: e.Key.Router.String(), Type: e.Key.Type, Code: e.Key.Code,
			Text: wire.ErrorText(wire.FamilyOf(h.Addr), e.Key.Type, e.Key.Code), Packets: e.N,
		})
	}
	for _, hop := range h.Path {
		j.Path = append(j.Path, jsonHopOf(h, hop))
	}
	for i := range h.Probes {
		j.Probes = append(j.Probes, jsonProbeOf(&h.Probes[i]))
	}
	return j
}

// addFigures adds what follows from the verdicts.
func (s *settings) addFigures(j *jsonHost, h *check.Host) {
	w := &h.Window
	if loss, ok := h.Loss(); ok {
		j.Loss = &loss
	}
	of := func(figure func() (time.Duration, bool)) float64 {
		d, _ := figure()
		return inMilliseconds(d)
	}
	at := func(p float64) float64 {
		d, _ := w.Percentile(p)
		return inMilliseconds(d)
	}
	if w.Counts().Replies > 0 {
		j.RTT = &jsonRTT{
			Min: of(w.Min), Mean: of(w.Mean), Median: of(w.Median), P90: at(90), P95: at(95), P99: at(99), Max: of(w.Max),
			StdDev: of(w.StdDev), Source: w.RTTSource().String(),
		}
	}
	if _, ok := w.Jitter(); ok {
		j.Jitter = &jsonJitter{Mean: of(w.Jitter), Min: of(w.JitterMin), Max: of(w.JitterMax), RFC3550: of(w.JitterRFC3550)}
		mos, _ := quality(stats.MOS)(h)
		score, _ := quality(stats.Score)(h)
		j.MOS, j.Score = &mos, &score
	}
	if last, ok := w.LastHops(); ok {
		first, _ := w.FirstHops()
		j.TTL = &jsonTTL{First: first, Last: last, Changes: w.HopsChanges()}
	}
	if _, decided := h.Loss(); !decided {
		return
	}
	limits := s.limitsOf(h.Target)
	for i := range limits {
		l := &limits[i]
		t := jsonThreshold{
			Metric: l.name, Unit: l.kind.unit(), State: l.judge(h).String(),
			Warning: l.warning.text(l.kind), Critical: l.critical.text(l.kind),
		}
		if v, ok := l.of(h); ok {
			if l.kind == aTime {
				v = inMilliseconds(time.Duration(v))
			}
			t.Value = &v
		}
		j.Thresholds = append(j.Thresholds, t)
	}
}

func jsonHopOf(h *check.Host, hop check.Hop) jsonHop {
	j := jsonHop{Limit: hop.Limit, Reached: hop.Reached, RTT: inMilliseconds(hop.RTT), Error: hop.Unsent}
	if hop.From.IsValid() {
		j.From = hop.From.String()
	}
	if hop.Refusal != nil {
		j.Error = wire.ErrorText(wire.FamilyOf(h.Addr), hop.Refusal.Type, hop.Refusal.Code)
	}
	return j
}

func jsonProbeOf(ev *echo.Event) jsonProbe {
	j := jsonProbe{
		Number: ev.Number, Seq: ev.Seq, Event: ev.Kind.String(), RTTSource: ev.RTTSource.String(),
		OutOfOrder: ev.OutOfOrder, Truncated: ev.Truncated, Suspect: ev.Suspect, Weak: ev.Weak,
	}
	if ev.RTTSource != 0 {
		rtt := inMilliseconds(ev.RTT)
		j.RTT = &rtt
	}
	if ev.From.IsValid() {
		j.From = ev.From.String()
		if ev.Hops >= 0 {
			j.TTL = &ev.Hops
		}
	}
	switch ev.Kind {
	case echo.Refused, echo.LateRefusal:
		j.Error = wire.ErrorText(wire.FamilyOf(ev.Addr), ev.ICMP.Type, ev.ICMP.Code)
	case echo.NotSent:
		j.Error = ev.Cause.String()
	}
	return j
}

// inMilliseconds keeps every nanosecond.
func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
