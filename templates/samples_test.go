package templates

import (
	"bytes"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// hostile is what a person or account may call itself; no page and no letter may let it act.
const hostile = `<script>alert(1)</script>"' onload=x {email} &amp;`

var expiry = time.Date(2026, time.March, 5, 14, 5, 0, 0, time.FixedZone("CET", 3600))

// sample is one state of one page.
type sample struct {
	name string
	page interface {
		Render(io.Writer, Frame) error
	}
}

// samples shows every page in every state that looks different, with names that a caller gives.
func samples(account, person, client string) []sample {
	qr := template.HTML(`<svg viewBox="0 0 29 29" xmlns="http://www.w3.org/2000/svg"><path d="M4 4h7v7H4zM18 4h7v7h-7zM4 18h7v7H4zM13 13h3v3h-3zM19 20h3v3h-3z"/></svg>`)
	login := Login{Action: "/login?request=r1", ClientName: client, ForgotURL: "/forgot?request=r1", SignUpURL: "https://example.com/sign-up"}
	refused, busy := login, login
	refused.Email, refused.Remember, refused.Refusal = person, true, WrongEmailOrPassword
	busy.Email, busy.Refusal, busy.Wait = person, TooManyAttempts, 90*time.Second
	code := Login{Action: "/login?request=r1", Email: person, ClientName: client, AskCode: true, AccountName: account,
		ForgotURL: "/forgot", StartAgain: "/login/again?request=r1"}
	wrongCode, unconfirmed := code, code
	wrongCode.Refusal = WrongCode
	unconfirmed.SendLink = "/login/enrollment?request=r1"
	choose := ChooseAccount{Action: "/account", Email: person, ClientName: client, LogoutURL: "/logout", Accounts: []AccountChoice{
		{account, "acme", RoleOwner, true}, {"Globex Events", "globex", RoleMember, false}, {"Initech", "initech", RoleAdmin, false}}}
	refusedChoice, noChoice := choose, choose
	refusedChoice.Refusal, noChoice.Refusal, noChoice.Accounts = AccountNotAvailable, AccountNotAvailable, nil
	mail := CheckMail{Action: "/mail", AccountName: account, MaskedEmail: "a…@example.com", ValidFor: 24 * time.Hour, StartAgain: "/login/again"}
	again, tooSoon, notSent := mail, mail, mail
	notSent.NotSent = true
	again.SentAgain = true
	tooSoon.Refusal, tooSoon.Wait = LinkSentJustNow, 45*time.Second
	start := EnrollmentStart{Action: "/enroll?link=x", AccountName: account, Email: person, ExpiresAt: expiry, ForgotURL: "/forgot"}
	wrongPassword, invited := start, start
	wrongPassword.Refusal = WrongPassword
	invited.SetPassword, invited.MinLength, invited.Refusal = true, 12, PasswordTooShort
	scan := EnrollmentCode{Action: "/enroll/code", AccountName: account, Email: person, QR: qr, Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
		URI: "otpauth://totp/Vestibule:ada%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Vestibule", SkipURL: "/login"}
	refusedScan := scan
	refusedScan.Refusal, refusedScan.URI = WrongCode, ""
	gone := func(r GoneReason) EnrollmentGone {
		return EnrollmentGone{Reason: r, ForgotURL: "/forgot?email=ada%40example.com", LoginURL: "/login"}
	}
	return append(slices.Concat(resetSamples(account, person), settingsSamples(account, person), codesSamples(account, person, client), passkeySamples(account, person, client), newcomersSamples(account, person, client)), []sample{
		{"login", login}, {"login-refused", refused}, {"login-wait", busy}, {"login-bare", Login{Action: "/login"}},
		{"login-code", code}, {"login-code-refused", wrongCode}, {"login-code-unconfirmed", unconfirmed},
		{"choose", choose}, {"choose-refused", refusedChoice}, {"choose-none", noChoice},
		{"switch", SwitchAccount{Action: "/switch", AccountName: account, Email: person, ClientName: client, CancelURL: "/back"}},
		{"mail", mail}, {"mail-again", again}, {"mail-soon", tooSoon}, {"mail-not-sent", notSent},
		{"enroll", start}, {"enroll-refused", wrongPassword}, {"enroll-invited", invited}, {"enroll-yourself", EnrollmentStart{Action: "/enroll", Email: person, ExpiresAt: expiry}},
		{"scan-yourself", EnrollmentCode{Action: "/enroll/code", Email: person, QR: qr, Key: "JBSWY3DPEHPK3PXP", SkipURL: "/login"}}, {"done-yourself", EnrollmentDone{LoginURL: "/login"}},
		{"scan", scan}, {"scan-refused", refusedScan}, {"done", EnrollmentDone{AccountName: account, LoginURL: "/login"}},
		{"gone-unknown", gone(LinkUnknown)}, {"gone-expired", gone(LinkExpired)}, {"gone-used", gone(LinkUsed)}, {"gone-superseded", gone(LinkSuperseded)},
		{"link-gone", LinkGone{Reason: LinkExpired, Next: NextForgot, NextURL: "/forgot"}}, {"link-gone-bare", LinkGone{}},
		{"signed-in", SignedIn{Name: account, Email: person, LogoutAction: "/logout", SettingsURL: "/settings",
			Products: []ProductLink{{client, "https://cms.example.com/"}, {"Event Platform", "https://events.example.com/"}}}},
		{"signed-in-nowhere", SignedIn{Email: person, LogoutAction: "/logout"}},
		{"confirm-logout", ConfirmLogout{Action: "/logout", Email: person, ClientName: client, StayURL: "/"}},
		{"confirm-logout-accounts", ConfirmLogout{Action: "/logout", Email: person, StayURL: "/", Accounts: []LogoutChoice{{account, "acme"}, {"Globex Events", "globex"}}}},
		{"confirm-logout-bare", ConfirmLogout{Action: "/logout"}},
		{"logged-out", LoggedOut{ReturnURL: "https://cms.example.com/", ClientName: client, LoginURL: "/login"}}, {"logged-out-bare", LoggedOut{}},
		{"problem-internal", Problem{Kind: Internal, Status: 500}},
		{"problem-not-found", Problem{Kind: NotFound, Status: 404, BackURL: "https://cms.example.com/"}},
		{"problem-not-allowed", Problem{Kind: NotAllowed, Status: 403}}, {"problem-bad-request", Problem{Kind: BadRequest, Status: 400}},
		{"problem-expired", Problem{Kind: ExpiredRequest, Status: 400}},
		{"problem-busy", Problem{Kind: Busy, Status: 503, RetryAfter: 2 * time.Second}},
		{"device", DeviceCode{Action: "/device"}}, {"device-refused", DeviceCode{Action: "/device", Code: person, Refusal: WrongUserCode}},
		{"device-link", DeviceCode{Action: "/device", Code: "WMMW-WMWM"}}, {"device-empty", DeviceCode{Action: "/device", Refusal: UserCodeMissing}},
		{"device-question", DeviceQuestion{Action: "/login/device", ClientName: client, AccountName: account, Email: person, StartAgain: "/login/restart"}},
		{"device-done", DeviceDone{}}, {"device-denied", DeviceDone{Refused: true}},
		{"form-post", FormPost{Action: "https://cms.example.com/callback", ClientName: client, Fields: []FormField{{"code", person}, {"state", account}}}},
		{"form-post-bare", FormPost{Action: "https://cms.example.com/callback"}},
	}...)
}

func hostileSamples() []sample { return samples(hostile, hostile, hostile) }

// rendered is a sample's HTML and its tree.
func rendered(t *testing.T, s sample, lang string) (string, *html.Node) {
	t.Helper()
	var out bytes.Buffer
	if err := s.page.Render(&out, Frame{Lang: lang, RequestID: "req-42"}); err != nil {
		t.Fatal(err)
	}
	tree, err := html.Parse(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), tree
}

// eachPage runs a check over every page in every language.
func eachPage(t *testing.T, pages []sample, check func(t *testing.T, source string, tree *html.Node)) {
	for tag := range catalogues {
		for _, s := range pages {
			t.Run(tag+"/"+s.name, func(t *testing.T) {
				source, tree := rendered(t, s, tag)
				check(t, source, tree)
			})
		}
	}
}

// elements lists the elements with one of the tags in document order; no tag means all.
func elements(tree *html.Node, tags ...string) []*html.Node {
	var found []*html.Node
	for n := range tree.Descendants() {
		if n.Type == html.ElementNode && (len(tags) == 0 || strings.Contains(" "+strings.Join(tags, " ")+" ", " "+n.Data+" ")) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// words is the text inside a node with its spaces tidied.
func words(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			out.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// TestSamplesAreWrittenForLooking writes every page, letter and asset into the folder VESTIBULE_SAMPLES, ready to be
// served and looked at.
func TestSamplesAreWrittenForLooking(t *testing.T) {
	folder := os.Getenv("VESTIBULE_SAMPLES")
	if folder == "" {
		t.Skip("set VESTIBULE_SAMPLES to a folder to get every page as a file")
	}
	keep := func(name string, content []byte) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range assets {
		keep(a.path, a.content)
	}
	for tag := range catalogues {
		for _, s := range samples("Acme Media", "ada@example.com", "Rich Media CMS") {
			source, _ := rendered(t, s, tag)
			keep(tag+"/"+s.name+".html", []byte(source))
		}
		for name, l := range letters("Acme Media", "Ada Park") {
			got, err := l.Letter(Frame{Lang: tag})
			if err != nil {
				t.Fatal(err)
			}
			keep(tag+"/letter-"+name+".html", []byte(got.HTML))
			keep(tag+"/letter-"+name+".txt", []byte("Subject: "+got.Subject+"\n\n"+got.Text))
		}
	}
}
