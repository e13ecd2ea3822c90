package templates

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

func TestEveryPageHasOneHeadingAndOneMainAndNamesItsLanguage(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		for _, tag := range []string{"h1", "main", "title"} {
			if n := elements(tree, tag); len(n) != 1 || words(n[0]) == "" {
				t.Errorf("want one filled <%s>, got %d", tag, len(n))
			}
		}
		root := elements(tree, "html")[0]
		if lang, _ := attribute(root, "lang"); lang != strings.Split(t.Name(), "/")[1] {
			t.Errorf("lang is %q", lang)
		}
		if dir, _ := attribute(root, "dir"); dir != "ltr" {
			t.Errorf("dir is %q", dir)
		}
	})
}

func TestEveryInputHasALabel(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		labelled := map[string]string{}
		for _, l := range elements(tree, "label") {
			id, _ := attribute(l, "for")
			labelled[id] = words(l)
		}
		for _, in := range elements(tree, "input", "select", "textarea") {
			id, _ := attribute(in, "id")
			if kind, _ := attribute(in, "type"); kind != "hidden" && labelled[id] == "" {
				t.Errorf("input %q has no label", id)
			}
		}
		for _, b := range elements(tree, "button", "a") {
			if words(b) == "" {
				t.Error("a button or link says nothing")
			}
		}
	})
}

func TestPagesCarryNoInlineScriptStyleOrEventAttributes(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		for _, n := range elements(tree) {
			if _, external := attribute(n, "src"); n.Data == "style" || n.Data == "script" && (!external || n.FirstChild != nil) {
				t.Errorf("inline <%s>", n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s> has the attribute %s", n.Data, a.Key)
				}
			}
		}
	})
}

func TestIdsAreUniqueAndReferencesLeadSomewhere(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		ids := map[string]bool{}
		for _, n := range elements(tree) {
			if id, ok := attribute(n, "id"); ok {
				if ids[id] {
					t.Errorf("id %q twice", id)
				}
				ids[id] = true
			}
		}
		for _, n := range elements(tree) {
			for _, key := range []string{"for", "aria-describedby", "aria-labelledby", "data-reveal"} {
				targets, _ := attribute(n, key)
				for _, id := range strings.Fields(targets) {
					if !ids[id] {
						t.Errorf("%s=%q leads nowhere", key, id)
					}
				}
			}
		}
	})
}

func TestHostileNamesAreShownAndDoNothing(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, source string, tree *html.Node) {
		for _, bad := range []string{"<script>alert", "ZgotmplZ", "&lt;nil&gt;", "%!"} {
			if strings.Contains(source, bad) {
				t.Errorf("page contains %q", bad)
			}
		}
		for _, n := range elements(tree, "script") {
			if src, _ := attribute(n, "src"); !strings.HasPrefix(src, "/assets/script.") {
				t.Errorf("script from %q", src)
			}
		}
	})
	source, tree := rendered(t, sample{"", Login{Email: hostile, ClientName: hostile}}, "en")
	email, _ := attribute(elements(tree, "input")[0], "value")
	if email != hostile || !strings.Contains(words(tree), `"' onload=x {email} &amp;`) {
		t.Errorf("the name is not shown as it is: %s", source)
	}
}

func TestNothingButTheClientsResponseHidesInAForm(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		for _, in := range elements(tree, "input") {
			if kind, _ := attribute(in, "type"); kind == "hidden" && !strings.Contains(t.Name(), "form-post") {
				t.Error("hidden field on a page of ours")
			}
		}
		for _, f := range elements(tree, "form") {
			if method, _ := attribute(f, "method"); method != "post" {
				t.Errorf("form with method %q", method)
			}
		}
	})
}

func TestAtMostOneFieldHasTheFocus(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		focused := 0
		for _, n := range elements(tree, "input", "button", "a") {
			if _, ok := attribute(n, "autofocus"); ok {
				focused++
			}
		}
		if focused > 1 {
			t.Errorf("%d fields want the focus", focused)
		}
	})
}

func TestTheLoginPageSaysExactlyWhatTheArticlesSay(t *testing.T) {
	_, tree := rendered(t, sample{"", Login{ForgotURL: "/f", SignUpURL: "/s"}}, "en")
	said := words(elements(tree, "main")[0])
	for _, want := range []string{"Email", "Password", "Remember me", "Forgot Password?", "Login", "Don't have an account? Sign Up"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in %q", want, said)
		}
	}
	if strings.Contains(said, "Authenticator Code") {
		t.Error("the code is asked for before the account wants it")
	}
}

func TestTheLoginPageExpandsWithTheCodeFieldAndDropsThePassword(t *testing.T) {
	page := Login{Email: "ada@example.com", AskCode: true, AccountName: "Acme Media", StartAgain: "/again", SignUpURL: "/s"}
	_, tree := rendered(t, sample{"", page}, "en")
	code := field(t, tree, FieldCode)
	for key, want := range map[string]string{"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": ""} {
		if got, ok := attribute(code, key); !ok || got != want {
			t.Errorf("code field: %s=%q", key, got)
		}
	}
	for _, in := range elements(tree, "input") {
		if name, _ := attribute(in, "name"); name != "" && name != FieldCode {
			t.Errorf("the code step also sends %q", name)
		}
	}
	said := words(tree)
	for _, want := range []string{"Authenticator Code", "Acme Media asks for the code from your authenticator app", "Not you? Start again"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in %q", want, said)
		}
	}
}

// field finds the input that is sent under a name.
func field(t *testing.T, tree *html.Node, name string) *html.Node {
	t.Helper()
	for _, in := range elements(tree, "input", "button") {
		if got, _ := attribute(in, "name"); got == name {
			return in
		}
	}
	t.Fatalf("no field %q", name)
	return nil
}

func TestFieldsTellPasswordManagersWhatTheyAre(t *testing.T) {
	for _, row := range []struct {
		page        sample
		name, value string
	}{
		{sample{"", Login{}}, FieldEmail, "username"},
		{sample{"", Login{}}, FieldPassword, "current-password"},
		{sample{"", EnrollmentStart{}}, FieldPassword, "current-password"},
		{sample{"", EnrollmentStart{SetPassword: true}}, FieldPassword, "new-password"},
		{sample{"", EnrollmentCode{}}, FieldCode, "one-time-code"},
	} {
		_, tree := rendered(t, row.page, "en")
		if got, _ := attribute(field(t, tree, row.name), "autocomplete"); got != row.value {
			t.Errorf("%T: %s has autocomplete %q, want %q", row.page.page, row.name, got, row.value)
		}
	}
}

func TestTheFocusIsWhereThePersonGoesOn(t *testing.T) {
	for email, want := range map[string]string{"": FieldEmail, "ada@example.com": FieldPassword} {
		_, tree := rendered(t, sample{"", Login{Email: email}}, "en")
		if _, ok := attribute(field(t, tree, want), "autofocus"); !ok {
			t.Errorf("with email %q the focus is not on %s", email, want)
		}
	}
	for has, want := range map[bool]string{true: FieldCurrentPassword, false: FieldPassword} {
		_, tree := rendered(t, sample{"", ChangePassword{HasPassword: has}}, "en")
		if _, ok := attribute(field(t, tree, want), "autofocus"); !ok {
			t.Errorf("where there is a password (%t) the focus is not on %s", has, want)
		}
	}
}

func TestARefusalIsAnAlertThatDescribesItsFields(t *testing.T) {
	for r := NotRefused; int(r) < len(refusals); r++ {
		for _, s := range []sample{
			{"login", Login{Refusal: r, Wait: time.Minute}}, {"login with code", Login{AskCode: true, Refusal: r}},
			{"link", EnrollmentStart{Refusal: r}}, {"invited", EnrollmentStart{SetPassword: true, Refusal: r}}, {"scan", EnrollmentCode{Refusal: r}},
		} {
			_, tree := rendered(t, s, "en")
			if n := len(alerts(tree)); (n == 1) != (r != NotRefused) {
				t.Errorf("%s, refusal %d: %d alerts", s.name, r, n)
			}
			for _, in := range elements(tree, "input") {
				name, _ := attribute(in, "name")
				_, invalid := attribute(in, "aria-invalid")
				described, _ := attribute(in, "aria-describedby")
				if invalid != r.On(name) || strings.Contains(described, "refusal") != r.On(name) {
					t.Errorf("%s, refusal %d on %s: invalid=%v described by %q", s.name, r, name, invalid, described)
				}
			}
		}
	}
	if !WrongCode.On(FieldCode) || !WrongEmailOrPassword.On(FieldEmail) || !WrongEmailOrPassword.On(FieldPassword) || TooManyAttempts.On(FieldPassword) {
		t.Error("a refusal speaks about the wrong field")
	}
}

// alerts lists the elements that announce a refusal.
func alerts(tree *html.Node) (found []*html.Node) {
	for _, n := range elements(tree) {
		if role, _ := attribute(n, "role"); role == "alert" && words(n) != "" {
			found = append(found, n)
		}
	}
	return found
}

func TestButtonsThatNeedTheScriptAreHiddenWithoutIt(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		for _, b := range elements(tree, "button") {
			kind, _ := attribute(b, "type")
			if _, hidden := attribute(b, "hidden"); hidden != (kind == "button") {
				t.Errorf("button %q of type %q: hidden=%v", words(b), kind, hidden)
			}
		}
	})
}

func TestAPasswordIsNeverWrittenBack(t *testing.T) {
	eachPage(t, hostileSamples(), func(t *testing.T, _ string, tree *html.Node) {
		for _, in := range elements(tree, "input") {
			name, _ := attribute(in, "name")
			if _, ok := attribute(in, "value"); ok && (name == FieldPassword || name == FieldCode) && !strings.Contains(t.Name(), "form-post") {
				t.Errorf("%s has a value", name)
			}
		}
	})
}

func TestTheKeyIsShownInGroupsAndCopiedAsOneWord(t *testing.T) {
	_, tree := rendered(t, sample{"", EnrollmentCode{Key: "JBSWY3DPEHPK3PXPQ"}}, "en")
	if got := words(elements(tree, "code")[0]); got != "JBSW Y3DP EHPK 3PXP Q" {
		t.Errorf("shown as %q", got)
	}
	for _, b := range elements(tree, "button") {
		if copied, ok := attribute(b, "data-copy"); ok && copied != "JBSWY3DPEHPK3PXPQ" {
			t.Errorf("copied as %q", copied)
		}
	}
}

func TestTheEnrollmentPagesSayUntilWhenInUTC(t *testing.T) {
	_, tree := rendered(t, sample{"", EnrollmentStart{ExpiresAt: expiry}}, "en")
	at := elements(tree, "time")[0]
	if stamp, _ := attribute(at, "datetime"); stamp != "2026-03-05T13:05:00Z" || words(at) != "5 March 2026, 13:05 UTC" {
		t.Errorf("%q, %q", stamp, words(at))
	}
}

func TestAFailingTemplateWritesNothing(t *testing.T) {
	var out bytes.Buffer
	for _, broken := range []sample{
		{"a link that is no authenticator link", EnrollmentCode{URI: "javascript:alert(1)"}},
		{"an unknown role", ChooseAccount{Accounts: []AccountChoice{{Name: "Acme", Role: "emperor"}}}},
	} {
		if err := broken.page.Render(&out, Frame{}); err == nil || out.Len() > 0 {
			t.Errorf("%s: error %v, %d bytes written", broken.name, err, out.Len())
		}
	}
}

func TestTheErrorPageShowsTheRequestAndTheInstallationsName(t *testing.T) {
	var out bytes.Buffer
	if err := (Problem{Kind: Busy, Status: 503, RetryAfter: 2 * time.Second}).Render(&out, Frame{RequestID: "req-42", Product: "Acme ID"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"req-42", "Acme ID", "in 2 seconds", "503"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestTheResponseFormKeepsItsFieldsInOrder(t *testing.T) {
	page := FormPost{Action: "https://cms.example.com/callback?a=1&b=2", Fields: []FormField{{"state", "s&<"}, {"code", "c"}, {"iss", "i"}}}
	_, tree := rendered(t, sample{"", page}, "en")
	var got []string
	for _, in := range elements(tree, "input") {
		name, _ := attribute(in, "name")
		value, _ := attribute(in, "value")
		got = append(got, name+"="+value)
	}
	if strings.Join(got, " ") != "state=s&< code=c iss=i" {
		t.Errorf("fields %v", got)
	}
	form := elements(tree, "form")[0]
	if action, _ := attribute(form, "action"); action != page.Action {
		t.Errorf("action %q", action)
	}
	if said := words(form); said != "Continue" {
		t.Errorf("the visible button says %q", said)
	}
}
