package op_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/op"
)

func TestNewNamesTheMissingField(t *testing.T) {
	h := newHouse(t)
	if _, err := op.New(h.config()); err != nil {
		t.Fatal(err)
	}
	check := func(name string, c op.Config) {
		if _, err := op.New(c); err == nil || !strings.Contains(err.Error(), "Config."+name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	for i := range reflect.TypeFor[op.Config]().NumField() {
		if reflect.TypeFor[op.Config]().Field(i).Name == "SignUpURL" { // may be missing
			continue
		}
		c := h.config()
		field := reflect.ValueOf(&c).Elem().Field(i)
		name := reflect.TypeFor[op.Config]().Field(i).Name
		if name == "BackchannelNetworks" || name == "SignUpURL" || name == "TokenLimit" || name == "LoginLimit" { // may be empty
			continue
		}
		if name == "Pages" {
			for j := range field.NumField() {
				c := h.config()
				reflect.ValueOf(&c.Pages).Elem().Field(j).SetZero()
				check("Pages."+reflect.TypeFor[op.Pages]().Field(j).Name, c)
			}
			continue
		}
		field.SetZero()
		check(name, c)
	}
	for issuer, good := range map[string]bool{
		"https://login.example.com": true, "http://localhost:8080": true, "http://127.0.0.1:1": true, "https://login.example.com:8443": true,
		"https://login.example.com/": false, "https://login.example.com/x": false, "http://login.example.com": false, "login.example.com": false,
		"https://login.example.com?x": false, "https://login.example.com#x": false, "https://user@login.example.com": false, "ftp://localhost": false, "https://": false,
	} {
		c := h.config()
		c.Issuer = issuer
		if _, err := op.New(c); (err == nil) != good {
			t.Errorf("issuer %q: %v", issuer, err)
		}
	}
}

func TestNothingButTheProtocolIsServed(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/healthz", "/ready", "/auth", "/oauth/token", "/device", "/token/", "//token", "/authorize/", "/Keys",
		"/authorize/../keys", "/.well-known/", "/.well-known/openid-configuration/x", "/login", "/debug/pprof/"} {
		r := httptest.NewRequest("GET", "http://example.com/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if got := strings.Join(h.provider.Paths(), " "); got != "/.well-known/oauth-authorization-server /.well-known/openid-configuration /authorize /authorize/callback /device_authorization /end_session /introspect /keys /par /revoke /token /userinfo" {
		t.Errorf("paths %s", got)
	}
}

func TestEveryRouteNamesItsMethods(t *testing.T) {
	h := newHouse(t)
	allowed := map[string][]string{
		"/.well-known/openid-configuration": {"GET", "HEAD"}, "/keys": {"GET", "HEAD"}, "/authorize": {"GET", "POST"}, "/authorize/callback": {"GET"},
		"/token": {"POST"}, "/introspect": {"POST"}, "/revoke": {"POST"}, "/userinfo": {"GET", "POST"}, "/end_session": {"GET", "POST"},
	}
	for path, methods := range allowed {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE", "X"} {
			a := h.browser().send(method, path, "", "X-Http-Method-Override", "POST")
			refused := a.StatusCode == http.StatusMethodNotAllowed
			if refused == slices.Contains(methods, method) {
				t.Errorf("%s %s: %d", method, path, a.StatusCode)
			}
			if refused && (a.Header.Get("Allow") != strings.Join(methods, ", ") || a.Header.Get("Cache-Control") != "no-store") {
				t.Errorf("%s %s: Allow %q, Cache-Control %q", method, path, a.Header.Get("Allow"), a.Header.Get("Cache-Control"))
			}
		}
	}
}

func TestR56_TokenEndpointsTakeNothingButASmallPlainForm(t *testing.T) {
	h := newHouse(t)
	form := machine.Encode()
	const urlencoded = "application/x-www-form-urlencoded"
	var squeezed bytes.Buffer
	zip := gzip.NewWriter(&squeezed)
	zip.Write([]byte(form))
	zip.Close()
	for _, row := range []struct {
		sentence string
		body     string
		headers  []string
		want     int
	}{
		{"as it should be", form, []string{"Content-Type", urlencoded}, 200},
		{"with a charset", form, []string{"Content-Type", urlencoded + "; charset=UTF-8"}, 200},
		{"no type", form, nil, 400},
		{"JSON", `{"grant_type":"client_credentials"}`, []string{"Content-Type", "application/json"}, 400},
		{"multipart", form, []string{"Content-Type", "multipart/form-data; boundary=x"}, 400},
		{"a type nobody can read", form, []string{"Content-Type", ";;;"}, 400},
		{"compressed", squeezed.String(), []string{"Content-Type", urlencoded, "Content-Encoding", "gzip"}, 415},
		{"more than 64 KiB", form + "&x=" + strings.Repeat("x", 64<<10), []string{"Content-Type", urlencoded}, 413},
		{"NUL", form + "&x=%00", []string{"Content-Type", urlencoded}, 400},
		{"not UTF-8", form + "&x=%ff", []string{"Content-Type", urlencoded}, 400},
		{"a broken escape", form + "&x=%zz", []string{"Content-Type", urlencoded}, 400},
		{"a semicolon", form + ";x=1", []string{"Content-Type", urlencoded}, 400},
		{"nothing at all", "", []string{"Content-Type", urlencoded}, 401},
		{"no client", "grant_type=client_credentials", []string{"Content-Type", urlencoded}, 401},
		{"Basic and a secret in the body", form, []string{"Content-Type", urlencoded, "Authorization", "Basic cm9ib3Q6dmVyeXNlY3JldA=="}, 400},
		{"Basic of another client than the body's", "grant_type=client_credentials&client_id=cms", []string{"Content-Type", urlencoded, "Authorization", "Basic cm9ib3Q6dmVyeXNlY3JldA=="}, 400},
		{"Basic of the same client as the body's", "grant_type=client_credentials&client_id=robot", []string{"Content-Type", urlencoded, "Authorization", "Basic cm9ib3Q6dmVyeXNlY3JldA=="}, 200},
		{"Basic in small letters", "grant_type=client_credentials", []string{"Content-Type", urlencoded, "Authorization", "basic cm9ib3Q6dmVyeXNlY3JldA=="}, 200},
		{"Basic without a colon", "grant_type=client_credentials", []string{"Content-Type", urlencoded, "Authorization", "Basic cm9ib3Q="}, 401},
		{"Basic that is not base64", "grant_type=client_credentials", []string{"Content-Type", urlencoded, "Authorization", "Basic !!!"}, 401},
		{"Basic with a broken escape", "grant_type=client_credentials", []string{"Content-Type", urlencoded, "Authorization", "Basic cm9ib3Q6JXp6"}, 401},
		{"Basic with NUL", "grant_type=client_credentials", []string{"Content-Type", urlencoded, "Authorization", "Basic cm9ib3Q6JTAw"}, 401},
		{"Bearer for a client", "grant_type=client_credentials", []string{"Content-Type", urlencoded, "Authorization", "Bearer x"}, 401},
		{"two Authorization headers", "grant_type=client_credentials", []string{"Content-Type", urlencoded, "Authorization", "Basic cm9ib3Q6dmVyeXNlY3JldA==", "Authorization", "Basic cm9ib3Q6dmVyeXNlY3JldA=="}, 400},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			a := h.browser().send("POST", "/token", row.body, row.headers...)
			if a.StatusCode != row.want || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("got %d %s %v, want %d", a.StatusCode, a.body, a.Header, row.want)
			}
			var told map[string]string
			if row.want == 200 {
				return
			}
			if err := json.Unmarshal([]byte(a.body), &told); err != nil || told["error"] == "" || told["error_description"] == "" || len(told) != 2 {
				t.Errorf("the error is %s", a.body)
			}
			if a.Header.Get("X-Request-Id") != "request-7" {
				t.Errorf("the error has no request id: %v", a.Header)
			}
			basic := row.want == 401 && len(row.headers) > 2
			if challenged := a.Header.Get("WWW-Authenticate") != ""; challenged != basic {
				t.Errorf("WWW-Authenticate %q", a.Header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestR56_ABodyWhoseLengthNobodyAnnouncedEndsAt64KiB(t *testing.T) {
	h := newHouse(t)
	endless := io.MultiReader(strings.NewReader(machine.Encode()+"&x="), strings.NewReader(strings.Repeat("x", 65<<10)))
	r, _ := http.NewRequest("POST", h.url+"/token", endless) // of a reader without a length: sent in chunks
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := h.browser().do(r); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
}

func TestUserinfoTakesOneTokenInOnePlace(t *testing.T) {
	h := newHouse(t)
	for _, row := range []struct {
		sentence string
		reply    reply
		want     int
		header   string
	}{
		{"none", h.browser().get("/userinfo"), 401, `Bearer realm="vestibule"`},
		{"none, posted", h.browser().send("POST", "/userinfo", ""), 401, `Bearer realm="vestibule"`},
		{"Basic", h.browser().get("/userinfo", "Authorization", "Basic eA=="), 401, `Bearer realm="vestibule"`},
		{"empty", h.browser().get("/userinfo", "Authorization", "Bearer "), 401, `Bearer realm="vestibule"`},
		{"unknown", h.browser().get("/userinfo", "Authorization", "Bearer x"), 401, `error="invalid_token"`},
		{"unknown, in small letters", h.browser().get("/userinfo", "Authorization", "bearer x"), 401, `error="invalid_token"`},
		{"unknown, in the body", h.browser().post("/userinfo", url.Values{"access_token": {"x"}}), 401, `error="invalid_token"`},
		{"in the query", h.browser().get("/userinfo?access_token=x"), 400, `error="invalid_request"`},
		{"in header and body", h.browser().post("/userinfo", url.Values{"access_token": {"x"}}, "Authorization", "Bearer x"), 400, `error="invalid_request"`},
		{"in JSON", h.browser().send("POST", "/userinfo", `{"access_token":"x"}`, "Content-Type", "application/json"), 400, `error="invalid_request"`},
	} {
		if a := row.reply; a.StatusCode != row.want || !strings.Contains(a.Header.Get("WWW-Authenticate"), row.header) {
			t.Errorf("%s: %d, WWW-Authenticate %q; want %d, %q", row.sentence, a.StatusCode, a.Header.Get("WWW-Authenticate"), row.want, row.header)
		}
	}
}

func TestScriptsOfAnyOriginMayReadWhatIsPublicOrProven(t *testing.T) {
	h := newHouse(t)
	for path, want := range map[string]string{
		"/.well-known/openid-configuration": "GET, HEAD", "/keys": "GET, HEAD", "/token": "POST", "/revoke": "POST", "/userinfo": "GET, POST",
	} {
		a := h.browser().send("OPTIONS", path, "", "Origin", "https://app.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
		if a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Methods") != want ||
			a.Header.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, DPoP" || a.body != "" {
			t.Errorf("the question for %s: %d %v", path, a.StatusCode, a.Header)
		}
		method := strings.Split(want, ",")[0]
		if a := h.browser().send(method, path, "", "Origin", "https://app.example"); a.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s %s: %v", method, path, a.Header)
		}
	}
}

func TestDiscoverySaysWhatIsOn(t *testing.T) {
	h := newHouse(t)
	a := h.browser().get("/.well-known/openid-configuration", "X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example")
	var d map[string]any
	if err := json.Unmarshal([]byte(a.body), &d); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"issuer": h.url, "authorization_endpoint": h.url + "/authorize", "token_endpoint": h.url + "/token", "userinfo_endpoint": h.url + "/userinfo",
		"pushed_authorization_request_endpoint": h.url + "/par",
		"jwks_uri":                              h.url + "/keys", "introspection_endpoint": h.url + "/introspect", "revocation_endpoint": h.url + "/revoke", "end_session_endpoint": h.url + "/end_session",
		"response_types_supported": []any{"code"}, "response_modes_supported": []any{"query", "form_post"}, "subject_types_supported": []any{"public", "pairwise"},
		"grant_types_supported":                            []any{"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"},
		"id_token_signing_alg_values_supported":            []any{"RS256", "ES256"},
		"token_endpoint_auth_methods_supported":            []any{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
		"introspection_endpoint_auth_methods_supported":    []any{"client_secret_basic", "client_secret_post", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": []any{"RS256", "PS256", "ES256", "EdDSA"},
		"dpop_signing_alg_values_supported":                []any{"RS256", "PS256", "ES256", "EdDSA"},
		"code_challenge_methods_supported":                 []any{"S256"},
		"scopes_supported":                                 []any{"openid", "profile", "email", "offline_access"},
		"acr_values_supported":                             []any{"urn:vestibule:acr:1fa", "urn:vestibule:acr:2fa", "phr"},
		"prompt_values_supported":                          []any{"none", "login", "select_account", "consent", "create"},
		"authorization_response_iss_parameter_supported":   true, "claims_parameter_supported": true,
		"request_parameter_supported": false, "request_uri_parameter_supported": false,
	} {
		if !reflect.DeepEqual(d[name], want) {
			t.Errorf("%s is %v, want %v", name, d[name], want)
		}
	}
	if a.Header.Get("Content-Type") != "application/json" || !strings.Contains(a.Header.Get("Cache-Control"), "max-age") || a.Header.Get("Etag") == "" {
		t.Errorf("headers %v", a.Header)
	}
}

func TestDocumentsAreServedOnceToWhoeverKeepsThem(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/.well-known/openid-configuration", "/keys"} {
		full := h.browser().get(path)
		for _, known := range []string{full.Header.Get("Etag"), "W/" + full.Header.Get("Etag"), `"x", ` + full.Header.Get("Etag")} {
			if a := h.browser().get(path, "If-None-Match", known); a.StatusCode != 304 || a.body != "" {
				t.Errorf("%s with %s: %d", path, known, a.StatusCode)
			}
		}
		if a := h.browser().get(path, "If-None-Match", `"x"`); a.StatusCode != 200 || a.body != full.body {
			t.Errorf("%s with another tag: %d", path, a.StatusCode)
		}
		if a := h.browser().send("HEAD", path, ""); a.StatusCode != 200 || a.body != "" || a.Header.Get("Content-Length") != full.Header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d %v", path, a.StatusCode, a.Header)
		}
	}
}

func TestWithoutAKeyOrADatabaseClientsAreToldToComeBack(t *testing.T) {
	h := newHouse(t)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"sid1"}, "client_secret": {"verysecret"}}
	for _, path := range []string{"/keys", "/authorize?" + wanting("cms").Encode()} {
		if a := h.browser().get(path); a.StatusCode >= 400 {
			t.Fatalf("%s: %d", path, a.StatusCode)
		}
	}
	h.db.Close()
	if a := h.browser().get("/keys"); a.StatusCode != 200 {
		t.Errorf("keys that were read a moment ago: %d", a.StatusCode)
	}
	h.advance(10 * time.Minute)
	for _, a := range []reply{
		h.browser().get("/keys"), h.browser().get("/authorize?" + wanting("cms").Encode()), h.browser().post("/token", form),
		h.browser().get("/authorize/callback?request=x"), h.browser().get("/end_session?client_id=cms"), h.browser().get("/userinfo", "Authorization", "Bearer x"),
	} {
		if a.StatusCode < 500 || strings.Contains(a.body, "sql") || strings.Contains(a.body, "closed") || a.to != nil {
			t.Errorf("%s: %d %s", a.Request.URL.Path, a.StatusCode, a.body)
		}
		if a.StatusCode == 503 && a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: 503 without Retry-After", a.Request.URL.Path)
		}
	}
	failed := 0
	for line := range strings.Lines(h.log.String()) {
		if strings.Contains(line, "closed") && strings.Contains(line, "request_id=request-7") {
			failed++
		}
	}
	if failed != 6 {
		t.Errorf("%d of 6 failures are in the log with cause and request id:\n%s", failed, h.log.String())
	}
}
