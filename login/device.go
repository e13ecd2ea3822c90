package login

import "strings"

// marks find a name in what a browser says of itself (RFC 9110 §10.1.5). They are looked for in this order, because browsers also
// give the names of those they want to be treated like.
type marks []struct{ part, name string }

var (
	browserMarks = marks{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systemMarks = marks{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// device is what people call the browser and the system behind a user agent; empty where it does not say. It is for recognising one's
// own devices and for nothing else.
func device(agent string) (browser, system string) {
	return browserMarks.in(agent), systemMarks.in(agent)
}

func (all marks) in(agent string) string {
	for _, m := range all {
		if strings.Contains(agent, m.part) {
			return m.name
		}
	}
	return ""
}
