package templates

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// letters shows every letter.
func letters(account, person string) map[string]interface{ Letter(Frame) (Letter, error) } {
	all := map[string]interface{ Letter(Frame) (Letter, error) }{
		"set-up":           SetUpTwoFactor{Account: account, Link: "https://id.example.com/enroll?link=abc", ExpiresAt: expiry, Name: person},
		"set-up-nameless":  SetUpTwoFactor{Account: account, Link: "https://id.example.com/enroll?link=abc", ExpiresAt: expiry},
		"nothing":          NothingToDo{Account: account, Name: person},
		"authenticatorOff": AuthenticatorOff{Name: person},
		"guessing":         PasswordGuessing{Name: person, SettingsURL: "https://id.example.com/settings", ForgotURL: "https://id.example.com/forgot"},
		"guessing-known":   PasswordGuessing{Name: person, KnownBrowser: true, SettingsURL: "https://id.example.com/settings", ForgotURL: "https://id.example.com/forgot"},
		"nothing-passkey":  NothingToDo{Account: account, Name: person, Passkey: true},
		"nothing-nameless": NothingToDo{Account: account},
		"notice-quiet":     Notice{Kind: WrongCodes, Name: person, When: expiry},
	}
	all["email-old"] = ConfirmEmail{Name: person, Old: "ada@example.com", New: account, Link: "https://id.example.com/email/old/abc", ExpiresAt: expiry}
	all["email-new"] = ConfirmNewEmail{New: account, Link: "https://id.example.com/email/new/abc", ExpiresAt: expiry}
	all["email-taken"] = EmailTaken{Email: person}
	for reason := range resetReasons {
		all[fmt.Sprintf("reset-%d", reason)] = ResetLink{Reason: ResetReason(reason), Link: "https://id.example.com/reset/abc", ExpiresAt: expiry, Name: person}
	}
	all["set-up-again"] = SetUpAgain{Link: "https://id.example.com/enroll/abc", ExpiresAt: expiry, Name: person}
	all["recovery-request"] = RecoveryRequest{Link: "https://id.example.com/settings/recoveries/abc", Person: person, Name: account}
	all["recovery-declined"] = RecoveryDeclined{Name: person}
	for name, l := range newcomersLetters(account, person) {
		all[name] = l
	}
	for kind := range noticeKeys {
		all[fmt.Sprintf("notice-%02d", kind)] = Notice{Kind: NoticeKind(kind), Name: person, Detail: account, Left: 3, When: expiry,
			NotMe: "https://id.example.com/not-me/abc", Address: "203.0.113.7"}
	}
	all["notice-first"] = Notice{Kind: AuthenticatorAdded, Name: person, When: expiry, NotMe: "https://id.example.com/not-me/abc", UndoneUntil: expiry}
	return all
}

// eachLetter runs a check over every letter in every language.
func eachLetter(t *testing.T, account, person string, check func(t *testing.T, l Letter)) {
	for tag := range catalogues {
		for name, l := range letters(account, person) {
			t.Run(tag+"/"+name, func(t *testing.T) {
				got, err := l.Letter(Frame{Lang: tag})
				if err != nil {
					t.Fatal(err)
				}
				check(t, got)
			})
		}
	}
}

func TestSubjectsSayExactlyThis(t *testing.T) {
	setUp, err := SetUpTwoFactor{Account: "Acme"}.Letter(Frame{})
	if err != nil || setUp.Subject != "Set up two-factor authentication for Acme" {
		t.Errorf("%q, %v", setUp.Subject, err)
	}
	nothing, err := NothingToDo{Account: "Acme"}.Letter(Frame{})
	if err != nil || nothing.Subject != "Nothing to do: Acme now asks for the code you already use" {
		t.Errorf("%q, %v", nothing.Subject, err)
	}
}

func TestANameCannotForgeAHeaderOrALine(t *testing.T) {
	eachLetter(t, "x\r\nBcc: eve@example.com\r\n\r\nBody", "Ada\r\nReply-To: eve", func(t *testing.T, l Letter) {
		if strings.ContainsAny(l.Subject, "\r\n") {
			t.Errorf("subject %q", l.Subject)
		}
		for _, line := range strings.Split(l.Text, "\n") {
			if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "Reply-To:") || strings.Contains(line, "\r") {
				t.Errorf("line %q", line)
			}
		}
	})
}

func TestHostileNamesInLettersAreShownAndDoNothing(t *testing.T) {
	eachLetter(t, hostile, hostile, func(t *testing.T, l Letter) {
		tree, err := html.Parse(strings.NewReader(l.HTML))
		if err != nil {
			t.Fatal(err)
		}
		if n := elements(tree, "script", "img", "link", "iframe"); len(n) > 0 {
			t.Errorf("the letter contains <%s>", n[0].Data)
		}
		for _, n := range elements(tree) {
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || strings.Contains(a.Val, "url(") {
					t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
				}
			}
		}
		if !strings.Contains(words(elements(tree, "body")[0]), "<script>alert(1)</script>") || !strings.Contains(l.Text, hostile) {
			t.Error("the name is not shown as it is")
		}
		if strings.Contains(l.HTML, "ZgotmplZ") {
			t.Error("a value did not fit its place")
		}
	})
}

func TestTheTextPartSaysEverythingByItself(t *testing.T) {
	for tag := range catalogues {
		l, err := SetUpTwoFactor{Account: "Acme", Name: "Ada", Link: "https://id.example.com/enroll?link=abc&x=1", ExpiresAt: expiry}.Letter(Frame{Lang: tag, Product: "Acme ID"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"\nhttps://id.example.com/enroll?link=abc&x=1\n", "Acme", "Ada", "2026, 13:05 UTC", "play.google.com", "apps.apple.com", "\n-- \nAcme ID\n"} {
			if !strings.Contains(l.Text, want) {
				t.Errorf("%s: %q is missing in\n%s", tag, want, l.Text)
			}
		}
	}
}

func TestTheNothingToDoLetterCarriesNoLink(t *testing.T) {
	l, err := NothingToDo{Account: "Acme"}.Letter(Frame{})
	if err != nil || strings.Contains(l.Text+l.HTML, "http") {
		t.Errorf("%v\n%s", err, l.Text)
	}
}
