package login

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-id/vestibule/templates"
)

// ladder is what else helps a person who is asked for a code at an address, the easiest first: a recovery code, a passkey, somebody who
// knows them. With the field for a recovery code on the page, the first rung leads back.
func ladder(v visit, at string, noCode, recovery bool) templates.Ladder {
	l := templates.Ladder{LostURL: lostURL(v.person.Email), NoApp: noCode}
	switch {
	case !recovery:
		l.RecoveryURL = withRecovery(at)
	case noCode:
		l.PasskeyURL = at
	default:
		l.AppURL = at
	}
	return l
}

// withRecovery is a page that asks for a code as somebody wants it who has no app at hand.
func withRecovery(at string) string {
	if strings.Contains(at, "?") {
		return at + "&with=recovery-code"
	}
	return at + "?with=recovery-code"
}

func wantsRecovery(r *http.Request) bool { return r.URL.Query().Get("with") == "recovery-code" }

// lostURL carries the address along, as [forgotURL] does.
func lostURL(email string) string { return lostPath + "?email=" + url.QueryEscape(email) }
