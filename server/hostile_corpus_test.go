package server_test

import (
	"net/url"
	"strings"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// forgedID is a request id that a client made up.
const forgedID = "01234567-89ab-7cde-8f01-23456789abcd"

// hostileTexts are what no parameter, field, cookie or header should hold.
var hostileTexts = map[string]string{
	"nothing":          "",
	"a space":          " ",
	"a NUL":            "a\x00b",
	"overlong UTF-8":   "\xc0\xaf\xe0\x80\xaf",
	"invalid UTF-8":    "\xff\xfe\xfd",
	"half a surrogate": "\xed\xa0\x80",
	"right to left":    "\u202e\u2066moc.elpmaxe\u2069",
	"zero width":       "a\u200b\ufeff\u2060d",
	"combining":        "Z" + strings.Repeat("\u0351\u036b\u0343", 200),
	"beyond the BMP":   "👩‍👩‍👧‍👦𝕏",
	"full width":       "１２３４５６",
	"SQL":              `' OR '1'='1'; DROP TABLE users; --`,
	"SQL union":        `x") UNION SELECT password_hash FROM users --`,
	"template":         `{{.}}{{1787*1787}}${1787*1787}<%= 1787*1787 %>#{1787*1787}`,
	"script":           `<script>vestibule()</script>`,
	"attribute":        `x" autofocus onfocus=vestibule() x="`,
	"script URL":       "javascript:vestibule()",
	"other site":       "https://evil.example/",
	"line breaks":      "x\r\nX-Injected: yes\r\n\r\n<script>vestibule()</script>",
	"encoded twice":    "%2527%253Cscript%253Evestibule%00",
	"a bad escape":     "%zz%",
	"path":             "../../../../../etc/passwd",
	"format":           "%s%n%x%!d(MISSING)",
	"many digits":      strings.Repeat("9", 400),
	"negative":         "-1",
	"exponent":         "1e309",
	"not a number":     "NaN",
	"JSON":             `{"id_token":{"acr":{"essential":true,"values":[null,1,{}]}}}`,
	"half JSON":        `{"id_token":{"acr":`,
	"deep JSON":        strings.Repeat(`{"a":[`, 2000),
	"lone surrogate":   `{"id_token":{"sub":{"value":"\ud800\u0000"}}}`,
	"a JWT":            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.",
	"8 KiB":            strings.Repeat("a", 8<<10),
	"64 KiB":           strings.Repeat("é", 32<<10),
}

// redirectSpellings are ways to write an address that is nearly the registered one, or hides another.
var redirectSpellings = func() []string {
	r := vestibuletest.RedirectURI // http://127.0.0.1:9/callback
	return []string{
		strings.ToUpper(r), "HTTP://127.0.0.1:9/callback", "http://127.0.0.1:9/Callback", "https://127.0.0.1:9/callback",
		"http://127.0.0.1/callback", "http://127.0.0.1:10/callback", "http://127.0.0.1:09/callback", "http://127.0.0.1:9./callback",
		"http://127.0.0.1:9/callback/", "http://127.0.0.1:9//callback", "http://127.0.0.1:9/./callback", "http://127.0.0.1:9/x/../callback",
		"http://127.0.0.1:9/callback/../evil", "http://127.0.0.1:9/callback%2f..%2fevil", "http://127.0.0.1:9/%63allback", "http://127.0.0.1:9/callback%00",
		r + "?", r + "?x=1", r + "#", r + "#x", r + "&x=1", r + ";x=1", r + "\x00", r + " ", " " + r, r + "\r\nX-Injected: yes", r + "%0d%0aX-Injected:%20yes", "\t" + r, r + "\u202e",
		"http://evil.example/callback", "http://evil.example@127.0.0.1:9/callback", "http://127.0.0.1:9@evil.example/callback",
		"http://127.0.0.1:9%40evil.example/callback", "http://127.0.0.1:9\\@evil.example/callback", "http://evil.example\\127.0.0.1:9/callback",
		"http://127.0.0.1:9.evil.example/callback", "http://evil.example#@127.0.0.1:9/callback", "http://evil.example?@127.0.0.1:9/callback",
		"//127.0.0.1:9/callback", "///127.0.0.1:9/callback", "/callback", "callback", "http:/127.0.0.1:9/callback", "http:127.0.0.1:9/callback", "http:\\\\127.0.0.1:9\\callback",
		"http://localhost:9/callback", "http://LOCALHOST:9/callback", "http://127.1:9/callback", "http://2130706433:9/callback", "http://0x7f.0.0.1:9/callback",
		"http://0177.0.0.1:9/callback", "http://[::1]:9/callback", "http://[::ffff:127.0.0.1]:9/callback", "http://１２７.0.0.1:9/callback", "http://127。0。0。1:9/callback",
		"javascript:vestibule()//127.0.0.1:9/callback", "data:text/html,<script>vestibule()</script>", "file:///etc/passwd", "urn:ietf:wg:oauth:2.0:oob", "*", "http://*/callback", "null",
		url.QueryEscape(r), url.QueryEscape(url.QueryEscape(r)), r + "," + r, r + " " + r,
	}
}()

// hostileTargets are request lines that could confuse who routes them.
var hostileTargets = []string{
	"/", "*", "//login", "//evil.example/", "//evil.example//..", "///evil.example", "/\\evil.example/", "/%5cevil.example/", "/%2f/evil.example/", "/.//evil.example/",
	"/login/../admin", "/login/../../etc/passwd", "/./login", "/login/.", "/login/", "/login//account", "/login%00", "/login%2f", "/login%2faccount", "/LOGIN", "/login;x=1", "/login%0d%0aX-Injected:%20yes",
	"/login?request=%zz", "/login?%zz", "/login?a;b", "/login?" + strings.Repeat("a=1&", 2000), "/login?request=" + strings.Repeat("a", 8<<10),
	"/.well-known/", "/.well-known/../login", "/.well-known/openid-configuration/", "/.well-known/oauth-authorization-server", "/.well-known/%2e%2e/login",
	"/authorize/", "/authorize/callback/", "/authorize/x", "/authorize/../token", "/authorize%2fcallback", "/keys/", "/keys/..", "/token/", "/token/x", "/userinfo/", "/end_session/",
	"/enroll/", "/enroll/x", "/enroll/%00", "/enroll/..", "/enroll/..%2flogin", "/enroll/" + strings.Repeat("a", 43), "/enroll/" + strings.Repeat("a", 43) + "/", "/enroll/" + strings.Repeat("a", 8<<10), "/enroll/%ff%fe", "/enroll/code/x",
	"/reset/", "/reset/x", "/reset/%00", "/reset/..%2flogin", "/reset/" + strings.Repeat("a", 43), "/reset/" + strings.Repeat("a", 8<<10), "/reset/done/x", "/forgot/", "/forgot/sent/..", "/not-me/" + strings.Repeat("a", 43), "/lost/", "/lost/asked/x",
	"/invitation/", "/invitation/x", "/invitation/%00", "/invitation/" + strings.Repeat("a", 43), "/sign-up/x", "/sign-up/" + strings.Repeat("a", 43), "/sign-up/" + strings.Repeat("a", 8<<10),
	"/settings/", "/settings/..", "/settings/profile/", "/settings/confirm?next=//evil.example/", "/login?next=https://evil.example/", "/email/old/%00", "/email/new/x", "/email/", "/settings/sessions/end/x",
	"/assets/", "/assets/../login", "/assets/%2e%2e/go.mod", "/assets/..%2f..%2fgo.mod", "/assets/style.css", "/assets/style.000000000000.css", "/assets/%00", "/assets/" + strings.Repeat("a", 8<<10),
	"/admin", "/admin/", "/healthz", "/readyz", "/metrics", "/debug/pprof/", "/debug/vars", "/.git/config", "/.env", "/favicon.ico", "/robots.txt", "/%", "/%zz", "/\xff", "/<script>vestibule()</script>", "/%3Cscript%3Evestibule()%3C/script%3E",
	"http://evil.example/login", "https://evil.example/authorize", "evil.example:443",
}

// hostileHeaders are lines that speak of hosts, origins, methods and encodings that are none of ours.
var hostileHeaders = []string{
	"Host: evil.example", "Host: evil.example:99999", "Host: ", "Host: <script>vestibule()</script>", "Host: localhost, evil.example",
	"Forwarded: for=evil.example/;host=evil.example/;proto=https", "Forwarded: for=\"[::1", "X-Forwarded-Host: evil.example/", "X-Forwarded-Proto: javascript", "X-Forwarded-Prefix: //evil.example/", "X-Forwarded-Port: 99999",
	"X-Forwarded-For: a", "X-Forwarded-For: ::", "X-Forwarded-For: ,,,,", "X-Forwarded-For: <script>vestibule()</script>", "X-Forwarded-For: " + strings.Repeat("1.1.1.1,", 1200), "X-Real-Ip: a", "Client-Ip: ' OR 1=1",
	"X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: PUT", "X-Method-Override: TRACE",
	"Origin: null", "Origin: https://evil.example/", "Origin: <script>vestibule()</script>", "Referer: https://evil.example/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: <script>vestibule()</script>",
	"Accept: application/vestibule;q=x,*/*;q=2", "Accept-Encoding: br;q=1.0, gzip;q=0, *;q=x", "Accept-Language: " + strings.Repeat("x-", 4000), "Accept-Language: " + strings.Repeat("de-DE-u-co-phonebk,", 400), "Accept-Language: \xff<script>vestibule()</script>;q=9",
	"DPoP: ", "DPoP: x", "DPoP: a.b.c", "DPoP: eyJhbGciOiJub25lIiwidHlwIjoiZHBvcCtqd3QifQ.e30.", "DPoP: " + strings.Repeat("a", 9<<10), "DPoP: \xff", "Authorization: DPoP x", "Authorization: DPoP",
	"Authorization: ", "Authorization: Basic", "Authorization: Basic x", "Authorization: Basic Y21z", "Authorization: Basic \x01", "Authorization: Bearer", "Authorization: Bearer " + strings.Repeat("a", 8<<10), "Authorization: Negotiate x", "Authorization: Digest username=\"cms\"",
	"Authorization: Basic Omg=", "Authorization: Basic //8=", "Authorization: Basic JXp6OiV6eg==", "Authorization: Basic AGE6YQBi", "Authorization: Bearer ' OR 1=1 --", "Authorization: Bearer <script>vestibule()</script>",
	"If-None-Match: *", "If-Modified-Since: x", "Range: bytes=0-0,1-1,2-2", "Expect: 100-continue", "Expect: vestibule", "Upgrade: h2c", "Connection: upgrade, http2-settings", "Te: trailers", "Trailer: Authorization",
	"X-Request-Id: " + forgedID, "Traceparent: x", "User-Agent: \x7f{{.}}<script>vestibule()</script>", "User-Agent: " + strings.Repeat("\xff", 4000), "Content-Encoding: gzip", "Content-Encoding: identity", "Content-Encoding: br, gzip",
	"Content-Type: application/json", "Content-Type: multipart/form-data", "Content-Type: multipart/form-data; boundary=" + strings.Repeat("x", 200), "Content-Type: text/plain", "Content-Type: ", "Content-Type: application/x-www-form-urlencoded; charset=utf-7", "Content-Type: application/x-www-form-urlencoded; ;;=", "Content-Type: <script>vestibule()</script>",
	"Content-Length: 0", "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length: 999999999", "Access-Control-Request-Method: <script>vestibule()</script>",
}
