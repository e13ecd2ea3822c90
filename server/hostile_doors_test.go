package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// door is a route with what it takes to get past its first checks.
type door struct {
	method, path  string
	headers       []string
	query, fields url.Values
}

// sent is the door with other parameters.
func (d door) sent(query, fields url.Values, more ...string) attempt {
	a := attempt{method: d.method, target: d.path, headers: slices.Concat(d.headers, more)}
	if len(query) > 0 {
		a.target += "?" + query.Encode()
	}
	if d.method == http.MethodPost {
		a.body = fields.Encode()
		if !hasHeader(more, "Content-Type") {
			a.headers = append(a.headers, formType)
		}
	}
	return a
}

// with returns values in which one name has others.
func with(values url.Values, name string, others ...string) url.Values {
	changed := maps.Clone(values)
	if changed == nil {
		changed = url.Values{}
	}
	changed[name] = others
	return changed
}

// mutated are all attempts in which one parameter is not what it should be.
func (d door) mutated() (all []attempt) {
	for _, name := range slices.Sorted(maps.Keys(d.query)) {
		for _, values := range spoiled(d.query[name]) {
			all = append(all, d.sent(with(d.query, name, values...), d.fields))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.fields)) {
		for _, values := range spoiled(d.fields[name]) {
			all = append(all, d.sent(d.query, with(d.fields, name, values...)))
		}
	}
	for _, name := range []string{"script", "a NUL", "invalid UTF-8", "8 KiB", "nothing"} { // of a parameter nobody asked for
		text := hostileTexts[name]
		all = append(all, d.sent(with(d.query, text, "x"), d.fields), d.sent(d.query, with(d.fields, text, "x")))
	}
	return all
}

// spoiled are the ways to get a parameter wrong: another text, a text added, twice, not at all.
func spoiled(good []string) (all [][]string) {
	for _, text := range hostileTexts {
		all = append(all, []string{text})
	}
	for _, name := range []string{"script", "a NUL", "right to left", "line breaks"} {
		all = append(all, []string{strings.Join(good, "") + hostileTexts[name]})
	}
	return append(all, nil, slices.Concat(good, good), slices.Concat(good, []string{"x"}))
}

// wrapped are attempts whose parameters are right and whose wrapping is not.
func (d door) wrapped() (all []attempt) {
	for _, line := range hostileHeaders {
		all = append(all, d.sent(d.query, d.fields, line))
	}
	for _, method := range []string{"HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "CONNECT", "get", "VESTIBULE", "POST", "GET"} {
		other := d
		other.method = method
		all = append(all, other.sent(d.query, d.fields))
	}
	plain := d
	plain.headers = slices.DeleteFunc(slices.Clone(d.headers), func(line string) bool { return strings.HasPrefix(line, "Cookie:") })
	for _, cookies := range spoiledCookies(cookiesOf(d.headers)) {
		all = append(all, plain.sent(d.query, d.fields, "Cookie: "+cookies))
	}
	if d.method == http.MethodPost {
		all = append(all, d.otherBodies()...)
	}
	return all
}

// combined are n attempts in which both a parameter and the wrapping are wrong. A host that is none is left out: net/http refuses it
// without reading the rest, and a long rest then meets a closed connection.
func (d door) combined(n int) (all []attempt) {
	mutated := d.mutated()
	hostileHeaders := slices.DeleteFunc(slices.Clone(hostileHeaders), func(line string) bool { return strings.HasPrefix(line, "Host:") })
	for i := range max(0, n) {
		a := mutated[i%len(mutated)]
		line := hostileHeaders[i/len(mutated)%len(hostileHeaders)]
		if name, _, _ := strings.Cut(line, ":"); !hasHeader(a.headers, name) {
			a.headers = slices.Concat(a.headers, []string{line})
		}
		all = append(all, a)
	}
	return all
}

func cookiesOf(headers []string) string {
	for _, line := range headers {
		if cookies, ok := strings.CutPrefix(line, "Cookie: "); ok {
			return cookies
		}
	}
	return ""
}

func spoiledCookies(good string) []string {
	name := "vestibule-session="
	return []string{
		"", name, good + "; " + good, good[:max(0, len(good)-1)], strings.ToUpper(good), strings.ReplaceAll(good, "=", "=\""), good + "x",
		name + strings.Repeat("a", 8<<10), name + "\x00", name + "\xff\xfe", name + "' OR 1=1 --", name + "<script>vestibule()</script>", name + "%0d%0aX-Injected: yes",
		strings.Repeat(name+"a; ", 600), "$Version=1; " + good + "; $Path=/", ";;;=;=", name + strings.Repeat("é", 43), "vestibule-browser=" + strings.Repeat("a", 43) + "; " + good,
		"__Host-" + good, "vestibule-enrollment=" + strings.Repeat("-", 43),
	}
}

// otherBodies are forms that are none, or not as announced.
func (d door) otherBodies() (all []attempt) {
	form := d.fields.Encode()
	target := d.sent(d.query, nil).target
	for _, b := range []struct{ kind, body string }{
		{"application/json", `{"password":["a"]}`}, {"application/json", strings.Repeat("[", 60000)}, {"text/plain", form}, {"application/xml", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b--\r\n"}, {"multipart/form-data; boundary=b", "--b\r\n"},
		{"application/x-www-form-urlencoded", "%"}, {"application/x-www-form-urlencoded", "%zz=%zz"}, {"application/x-www-form-urlencoded", "a;b=c"}, {"application/x-www-form-urlencoded", "=&=&=&&&"},
		{"application/x-www-form-urlencoded", "\x1f\x8b\x08\x00\x00\x00\x00\x00"}, {"application/x-www-form-urlencoded", form + "&password[]=a&password[b]=c"},
		{"application/x-www-form-urlencoded", strings.Repeat("a=1&", 15000)}, {"application/x-www-form-urlencoded", strings.Repeat("a", 70<<10)}, {"application/x-www-form-urlencoded", form + "&x=" + strings.Repeat("a", 200<<10)},
	} {
		all = append(all, attempt{d.method, target, slices.Concat(d.headers, []string{"Content-Type: " + b.kind}), b.body})
	}
	chunked := slices.Concat(d.headers, []string{formType, "Transfer-Encoding: chunked"})
	for _, body := range []string{
		fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(form), form), "0\r\n\r\n", "zz\r\nx\r\n0\r\n\r\n", "-1\r\n\r\n", "0\r\nAuthorization: Basic eDp5\r\n\r\n",
	} {
		all = append(all, attempt{d.method, target, chunked, body})
	}
	return all
}

// fixture is a provider under attack, and what an attacker may have got hold of.
type fixture struct {
	stranger
	rp  *vestibuletest.RelyingParty
	sum atomic.Int64
}

// underAttack runs on the pickier engine: PostgreSQL takes no NUL and no invalid UTF-8.
func underAttack(t testing.TB) *fixture {
	t.Helper()
	engines := vestibuletest.Engines()
	p := vestibuletest.Start(t, vestibuletest.Config{
		Engine: engines[len(engines)-1], Apply: livingRoom.Apply, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	return &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
}

// elsewhere is the header of an address nobody has come from yet, so that limits per address do not
// hide what is behind them.
func (f *fixture) elsewhere() string {
	n := f.sum.Add(1)
	return fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

// cookies is the header a browser would send.
func (f *fixture) cookies(b *vestibuletest.Browser) string {
	home, _ := url.Parse(f.provider.URL)
	var all []string
	for _, c := range b.Jar.Cookies(home) {
		all = append(all, c.Name+"="+c.Value)
	}
	return "Cookie: " + strings.Join(all, "; ")
}

// waiting returns a browser with a login under way, the id of its request, and the page it is on.
func (f *fixture) waiting(account string) (b *vestibuletest.Browser, request string, page vestibuletest.Page) {
	b = f.provider.Browser()
	page = b.Open(f.rp.Login("account", account).URL)
	return b, page.Query("request"), page
}

// basic is the header of a client that proves itself.
func basic(id, secret string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// loginDoors are the routes for people. Each has a browser of its own, because some attempts do
// what they ask for.
func (f *fixture) loginDoors(t testing.TB) (doors []door) {
	t.Helper()
	add := func(method, path string, b *vestibuletest.Browser, query, fields url.Values) {
		doors = append(doors, door{method, path, []string{f.cookies(b)}, query, fields})
	}
	for _, method := range []string{"GET", "POST"} {
		b, request, _ := f.waiting("acme")
		add(method, "/login", b, url.Values{"request": {request}}, url.Values{
			templates.FieldEmail: {vestibuletest.Ada}, templates.FieldPassword: {"not-her-password"}, templates.FieldRemember: {"on"}})
	}
	b, request, page := f.waiting("acme")
	b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ada, templates.FieldPassword, vestibuletest.AdaPassword)
	add("POST", "/login", b, url.Values{"request": {request}}, url.Values{templates.FieldCode: {"123456"}})
	b, request, page = f.waiting("acme")
	b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ada, templates.FieldPassword, vestibuletest.AdaPassword)
	recovery := url.Values{"request": {request}, "with": {"recovery-code"}}
	add("GET", "/login", b, recovery, nil)
	add("POST", "/login", b, recovery, url.Values{templates.FieldCode: {"7Q2M-XK4T-9BWE-H3VA"}})
	b, _, page = f.waiting("acme")
	b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ada, templates.FieldPassword, vestibuletest.AdaPassword)
	b.GiveCode(page, f.provider.NextCode(vestibuletest.AdaKey))
	add("GET", "/settings/recovery-codes", b, nil, nil)
	add("POST", "/settings/recovery-codes", b, nil, url.Values{"x": {"y"}})
	for path, field := range map[string]string{"/login/account": templates.FieldAccount, "/login/switch": "x", "/login/restart": "x", "/login/device": templates.FieldDecision, "/login/enrollment": "x"} {
		b, request, page := f.waiting("")
		b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ben, templates.FieldPassword, vestibuletest.BenPassword)
		add("POST", path, b, url.Values{"request": {request}}, url.Values{field: {"initech"}})
	}
	link := f.provider.Mail.WaitFor(t, vestibuletest.Ben, "Set up").Links()[0]
	b = f.provider.Browser()
	b.Open(link)
	add("GET", strings.TrimPrefix(link, f.provider.URL), b, nil, nil)
	add("GET", "/enroll", b, nil, nil)
	add("GET", "/enroll/done", b, nil, nil)
	add("POST", "/enroll", b, nil, url.Values{templates.FieldPassword: {"not-his-password"}})
	add("GET", "/enroll/code", b, nil, nil)
	add("POST", "/enroll/code", b, nil, url.Values{templates.FieldCode: {"123456"}})
	add("GET", "/invitation", b, nil, nil)
	add("GET", "/invitation/done", b, nil, nil)
	add("GET", "/sign-up", b, url.Values{"request": {request}}, nil)
	add("POST", "/sign-up", b, url.Values{"request": {request}}, url.Values{templates.FieldEmail: {"dora@example.com"}})
	add("GET", "/sign-up/sent", b, nil, nil)
	add("GET", "/sign-up/finish", b, nil, nil)
	add("GET", "/sign-up/done", b, nil, nil)
	add("POST", "/sign-up/finish", b, nil, url.Values{templates.FieldName: {"Dora"}, templates.FieldAccountName: {"Zebra"}, templates.FieldPassword: {"not-her-password"}})
	add("POST", "/invitation", b, nil, url.Values{templates.FieldName: {"Ben"}, templates.FieldPassword: {"not-his-password"}})
	add("GET", "/device", b, url.Values{templates.FieldUserCode: {"WDJB-MJHT"}}, nil)
	add("POST", "/device", b, nil, url.Values{templates.FieldUserCode: {"WDJB-MJHT"}})
	add("GET", "/device/done", b, url.Values{"refused": {"1"}}, nil)
	add("GET", "/logout", b, nil, nil)
	add("POST", "/logout", b, nil, url.Values{"x": {"y"}})
	add("GET", "/forgot", b, url.Values{"email": {vestibuletest.Ada}}, nil)
	add("POST", "/forgot", b, nil, url.Values{templates.FieldEmail: {vestibuletest.Cleo}})
	add("GET", "/forgot/sent", b, url.Values{"email": {vestibuletest.Ada}}, nil)
	b = f.resetting(t)
	add("GET", "/reset", b, nil, nil)
	add("GET", "/reset/done", b, nil, nil)
	add("POST", "/passkeys/options/reset", b, nil, url.Values{"x": {"y"}})
	add("POST", "/reset", b, nil, url.Values{templates.FieldPassword: {"short"}, templates.FieldCode: {"123456"}})
	add("GET", "/lost", b, nil, nil)
	add("GET", "/lost/asked", b, nil, nil)
	add("POST", "/lost", b, nil, url.Values{"x": {"y"}})
	add("GET", "/not-me", b, nil, nil)
	add("POST", "/not-me", b, nil, url.Values{"x": {"y"}})
	add("GET", "/not-me/done", b, nil, nil)
	add("GET", "/settings/recoveries", b, nil, nil)
	add("POST", "/settings/recoveries/"+forgedID, b, nil, url.Values{templates.FieldReason: {"x"}, templates.FieldDecision: {templates.DecisionApprove}})
	add("GET", "/", b, nil, nil)
	add("GET", "/nowhere", b, nil, nil)
	return slices.Concat(doors, f.settingsDoors(t), f.passkeyDoors(), f.ownerDoors(t))
}

// resetting returns a browser that has opened Ada's reset link.
func (f *fixture) resetting(t testing.TB) *vestibuletest.Browser {
	t.Helper()
	b := f.provider.Browser()
	b.Submit(f.provider.URL+"/forgot", templates.FieldEmail, vestibuletest.Ada)
	b.Open(f.provider.Mail.WaitFor(t, vestibuletest.Ada, "Choose a new password").Links()[0])
	return b
}

// push sends a request ahead and returns its name.
func (f *fixture) push(t testing.TB, asked url.Values) string {
	t.Helper()
	form := url.Values{"client_id": {"cms"}}
	for name, values := range asked {
		if len(values) == 1 {
			form[name] = values
		}
	}
	r, _ := http.NewRequest(http.MethodPost, f.provider.URL+"/par", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("cms", vestibuletest.CMSSecret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var pushed struct {
		URI string `json:"request_uri"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&pushed); err != nil || pushed.URI == "" {
		t.Fatalf("pushing: %d, %v", answer.StatusCode, err)
	}
	return pushed.URI
}

// protocolDoors are the routes for clients.
func (f *fixture) protocolDoors(t testing.TB) (doors []door) {
	t.Helper()
	b := f.provider.Browser()
	l := f.rp.Login("account", "globex")
	tokens := f.rp.Tokens(l, b.SignIn(l, vestibuletest.Cleo, vestibuletest.CleoPassword))
	hint, _ := tokens.Extra("id_token").(string)
	asked := url.Values{
		"client_id": {"cms"}, "redirect_uri": {vestibuletest.RedirectURI}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"}, "prompt": {"login"}, "max_age": {"1000"}, "claims": {"{}"}, "acr_values": {"phr"},
		"id_token_hint": {hint}, "login_hint": {vestibuletest.Cleo}, "ui_locales": {"en de"}, "response_mode": {"query"}, "account": {"globex"}, "tenant": nil, "organization": nil,
		"display": {"page"}, "request": nil, "request_uri": nil, "resource": nil, "dpop_jkt": {strings.Repeat("a", 43)}, "registration": nil,
	}
	farewell := url.Values{"id_token_hint": {hint}, "client_id": {"cms"}, "post_logout_redirect_uri": {"http://127.0.0.1:9/"}, "state": {"s"}, "ui_locales": {"en"}}
	cookies, cms := []string{f.cookies(b)}, []string{basic("cms", vestibuletest.CMSSecret)}
	_, request, _ := f.waiting("globex")
	return []door{
		{"GET", "/authorize", cookies, asked, nil},
		{"POST", "/authorize", cookies, nil, asked},
		{"POST", "/par", cms, nil, asked},
		{"POST", "/device_authorization", nil, nil, url.Values{"client_id": {"tv"}, "scope": {"openid"}, "account": {"globex"}, "resource": nil}},
		{"POST", "/token", nil, nil, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {"x"}, "client_id": {"tv"}}},
		{"GET", "/authorize", cookies, url.Values{"client_id": {"cms"}, "request_uri": {f.push(t, asked)}}, nil},
		{"GET", "/authorize/callback", cookies, url.Values{"request": {request}}, nil},
		{"POST", "/token", nil, nil, url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {vestibuletest.RedirectURI}, "code_verifier": {strings.Repeat("a", 43)}, "client_id": {"app"}}},
		{"POST", "/token", nil, nil, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}, "scope": {"openid"}, "client_id": {"cms"}, "client_secret": {vestibuletest.CMSSecret}, "client_assertion": nil, "client_assertion_type": nil}},
		{"POST", "/token", cms, nil, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}, "scope": {"openid"}, "resource": nil}},
		{"POST", "/token", cms, nil, url.Values{"grant_type": {"client_credentials"}, "scope": {"x"}, "audience": nil, "resource": nil}},
		{"POST", "/token", nil, nil, url.Values{"grant_type": {"client_credentials"}, "client_assertion": {hint}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}},
		{"GET", "/userinfo", []string{"Authorization: Bearer " + tokens.AccessToken}, url.Values{"schema": {"openid"}, "access_token": nil}, nil},
		{"POST", "/userinfo", nil, nil, url.Values{"access_token": {tokens.AccessToken}}},
		{"POST", "/introspect", cms, nil, url.Values{"token": {tokens.AccessToken}, "token_type_hint": {"access_token"}}},
		{"POST", "/revoke", cms, nil, url.Values{"token": {"x"}, "token_type_hint": {"refresh_token"}}},
		{"GET", "/end_session", cookies, farewell, nil},
		{"POST", "/end_session", cookies, nil, farewell},
		{"GET", "/.well-known/openid-configuration", cookies, url.Values{"x": {"y"}}, nil},
		{"GET", "/.well-known/oauth-authorization-server", cookies, url.Values{"x": {"y"}}, nil},
		{"GET", "/keys", cookies, url.Values{"x": {"y"}}, nil},
	}
}
