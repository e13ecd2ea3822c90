package templates

import (
	"fmt"
	"html/template"
	"strconv"
	"time"
)

// moment writes a point in time in words. It is always UTC and says so: we do not know where the person is.
func (c catalogue) moment(at time.Time) (string, error) {
	at = at.UTC()
	month, err := c.text("month." + strconv.Itoa(int(at.Month())))
	if err != nil {
		return "", err
	}
	return c.text("moment", "day", at.Day(), "month", month, "year", at.Year(), "clock", at.Format("15:04"))
}

// timestamp is moment inside a time element, for eyes and programs alike.
func (c catalogue) timestamp(at time.Time) (template.HTML, error) {
	words, err := c.moment(at)
	if err != nil {
		return "", err
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, at.UTC().Format(time.RFC3339), // escaped here
		template.HTMLEscapeString(words))), nil
}

// units lists what a duration is said in, from large to small, with its message keys for one and for several.
var units = []struct {
	length    time.Duration
	one, many string
}{
	{time.Hour, "duration.hour", "duration.hours"},
	{time.Minute, "duration.minute", "duration.minutes"},
	{time.Second, "duration.second", "duration.seconds"},
}

// duration rounds up: who waits as long as we say must not come too early. Nothing and less is one second.
func (c catalogue) duration(d time.Duration) (string, error) {
	for _, u := range units {
		if d < u.length {
			continue
		}
		n := int64((d + u.length - 1) / u.length)
		if n == 1 {
			return c.text(u.one)
		}
		return c.text(u.many, "count", n)
	}
	return c.text("duration.second")
}
